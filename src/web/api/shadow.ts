import { createRoute, z } from "@hono/zod-openapi";
import { buildShadow, type ShadowBoard } from "../boards/shadow.ts";
import type { WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, refusals } from "./base.ts";
import { fromJsonText, iso } from "./present.ts";
import { Figure } from "./schemas.ts";

const Mark = z.enum(["pass", "fail", "not enough yet"]);
const json = z.unknown().meta({ description: "Any JSON value" });

const Shadow = z
  .object({
    workflow: z.string(),
    ready: Mark,
    says: z.string().meta({ description: "The verdict in one sentence" }),
    version: z.string(),
    window_days: z.number(),
    decisions: z.object({ seen: z.number(), needed: z.number(), mark: Mark }),
    fields: z.array(z.object({ field: z.string(), target: z.number(), agreement: Figure, mark: Mark })),
    drift: z.object({ mark: Mark, says: z.array(z.string()) }),
    runs: z.object({ runs: z.number(), failed: z.number(), undecided: z.number() }),
    reasons: z.array(z.object({ reason: z.string(), decisions: z.number() })),
    disagreements: z.array(
      z.object({
        run_id: z.string(),
        at: z.string(),
        version: z.string(),
        differing: z.array(z.string()),
        decided: json,
        outputs: json,
        reason: z.string(),
        note: z.string(),
        reviewer: z.string(),
      }),
    ),
    earlier_versions: z.array(z.object({ version: z.string(), agreed: z.number(), differed: z.number() })),
  })
  .openapi("Shadow");

/** `GET /v1/workflows/:workflow/shadow`: is it ready to be switched on? */
export function shadowRoutes(deps: WebDeps): Api {
  const api = createApi();
  const route = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}/shadow",
    summary:
      "How shadow runs agree with people's decisions, and whether the workflow is ready to be switched on",
    request: { params: z.object({ workflow: z.string().min(1).max(200) }) },
    responses: { ...answers("The verdict with its figures", Shadow), ...refusals },
  });
  api.openapi(guarded(api, deps.guard, route, "review"), async (c) =>
    c.json(presentShadow(await buildShadow(deps, c.req.valid("param").workflow)), 200),
  );
  return api;
}

function presentShadow(board: ShadowBoard): z.output<typeof Shadow> {
  const { mark, says, decisions, fields, drift } = board.readiness;
  return {
    workflow: board.workflow,
    ready: mark,
    says,
    version: board.version,
    window_days: board.windowDays,
    decisions,
    fields,
    drift: { mark: drift.mark, says: [...drift.says] },
    runs: board.runs,
    reasons: board.reasons,
    disagreements: board.disagreements.map((row) => ({
      run_id: row.run_id,
      at: iso(row.received_at),
      version: row.version,
      differing: row.differing,
      decided: fromJsonText(row.output),
      outputs: fromJsonText(row.run_outputs),
      reason: row.reason,
      note: row.note,
      reviewer: row.reviewer,
    })),
    earlier_versions: board.earlier.map(({ version, agreed, differed }) => ({ version, agreed, differed })),
  };
}
