import { createRoute, z } from "@hono/zod-openapi";
import type { SignalVerdict } from "../../model/verdict.ts";
import { buildVersions, type VersionsBoard } from "../boards/versions.ts";
import type { WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, refusals } from "./base.ts";
import { iso } from "./present.ts";
import { Figure } from "./schemas.ts";

const ComparedSignal = z.object({
  kind: z.string(),
  field: z.string(),
  verdict: z.enum(["same", "differs", "insufficient"]),
  unit: z.string().nullable(),
  of: z.string(),
  value: Figure.nullable(),
  against: Figure.nullable().meta({ description: "The same of the version that it is compared with" }),
});

const Versions = z
  .object({
    workflow: z.string(),
    current: z.string(),
    last_good: z.string(),
    against: z.string(),
    versions: z.array(
      z.object({
        version: z.string(),
        first_seen: z.string(),
        last_seen: z.string(),
        runs: z.number(),
        deployed: z.record(z.string(), z.unknown()).nullable(),
        blamed_by: z.string().meta({ description: "The incident that blames it, empty for none" }),
        differs: z.number().meta({ description: "Signals that differ" }),
        signals: z.array(ComparedSignal),
      }),
    ),
    rollout: z
      .object({
        version: z.string(),
        against: z.string(),
        since: z.string(),
        runs: z.number(),
        share: z.number(),
        verdict: z.enum(["differs", "same so far", "not enough runs yet"]),
        differing: z.array(ComparedSignal),
      })
      .nullable(),
  })
  .openapi("Versions");

/** `GET /v1/workflows/:workflow/versions`: side by side on every signal. */
export function versionRoutes(deps: WebDeps): Api {
  const api = createApi();
  const route = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}/versions",
    summary: "Versions side by side on every signal, with 95 % intervals, and how a new one takes over",
    request: {
      params: z.object({ workflow: z.string().min(1).max(200) }),
      query: z.strictObject({
        against: z.string().optional().meta({ description: "Default: the last version that was good" }),
        version: z.string().optional().meta({ description: "This one alone; default: the latest eight" }),
      }),
    },
    responses: { ...answers("The versions, newest first", Versions), ...refusals },
  });
  api.openapi(guarded(api, deps.guard, route, "review"), async (c) =>
    c.json(
      presentVersions(await buildVersions(deps, c.req.valid("param").workflow, c.req.valid("query"))),
      200,
    ),
  );
  return api;
}

function presentVersions(board: VersionsBoard): z.output<typeof Versions> {
  const { workflow, current, lastGood: last_good, against, versions, rollout } = board;
  return {
    workflow,
    current,
    last_good,
    against,
    versions: versions.map(({ version, firstMs, lastMs, runs, deployed, blamedBy, signals }) => ({
      version,
      first_seen: iso(firstMs),
      last_seen: iso(lastMs),
      runs,
      deployed: deployed === null ? null : { ...deployed, first_seen_at: iso(deployed.first_seen_at) },
      blamed_by: blamedBy,
      differs: signals.filter(({ verdict }) => verdict.kind === "drift").length,
      signals: signals.map(presentCompared),
    })),
    rollout:
      rollout === null
        ? null
        : {
            version: rollout.version,
            against: rollout.against,
            since: iso(rollout.sinceMs),
            runs: rollout.runs,
            share: rollout.share,
            verdict:
              rollout.differing.length > 0
                ? "differs"
                : rollout.isEnough
                  ? "same so far"
                  : "not enough runs yet",
            differing: rollout.differing.map(presentCompared),
          },
  };
}

function presentCompared({ signal, verdict }: SignalVerdict): z.output<typeof ComparedSignal> {
  const { kind, field } = signal;
  if (verdict.kind === "insufficient")
    return { kind, field, verdict: "insufficient", unit: null, of: "", value: null, against: null };
  const { unit, of, current, baseline } = verdict;
  return {
    kind,
    field,
    verdict: verdict.kind === "drift" ? "differs" : "same",
    unit,
    of,
    value: current,
    against: baseline,
  };
}
