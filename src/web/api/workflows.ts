import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { PermanentError } from "../../model/errors.ts";
import { plural } from "../../model/plural.ts";
import { readUnmapped } from "../boards/workflow.ts";
import { buildScorecard } from "../boards/scorecard.ts";
import type { GuardedEnv } from "../guard.ts";
import type { Act, BaselineOutcome, BaselineRequest, WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, notFound, refusals, takes, timeParam } from "./base.ts";
import {
  iso,
  presentBaseline,
  presentChange,
  presentDataMap,
  presentGate,
  presentIncident,
  presentScorecard,
  presentSignal,
  presentWorkflow,
} from "./present.ts";
import { Baseline, Gate, Scorecard, Workflow, WorkflowDetail } from "./schemas.ts";

const params = z.object({ workflow: z.string().min(1).max(200) });
/** Who acts and why, in the body of every order. */
export const actBody = z.object({
  actor: z.string().max(200).optional(),
  reason: z.string().max(2000).default(""),
});

/** Who acts: the name given, else the name of the key. */
export function readAct(c: Context<GuardedEnv>, body: { actor?: string | undefined; reason: string }): Act {
  const actor = body.actor?.trim() || c.get("visitor").name;
  if (actor === "") throw new PermanentError("Cannot act: 'actor' must name a person, got ''");
  return { actor, reason: body.reason.trim() };
}

/** Everything below `/v1/workflows`. */
export function workflowRoutes(deps: WebDeps): Api {
  const api = createApi();
  api.route("/", listRoutes(deps));
  api.route("/", gateRoutes(deps));
  api.route("/", baselineRoutes(deps));
  api.route("/", scorecardRoutes(deps));
  return api;
}

function listRoutes(deps: WebDeps): Api {
  const { guard, watch, journal } = deps;
  const api = createApi();
  const list = createRoute({
    method: "get",
    path: "/v1/workflows",
    summary: "Every workflow with its state",
    responses: { ...answers("Workflows by name", z.object({ workflows: z.array(Workflow) })), ...refusals },
  });
  api.openapi(guarded(api, guard, list, "review"), (c) =>
    c.json({ workflows: watch.workflows().map((info) => presentWorkflow(deps, info)) }, 200),
  );
  const one = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}",
    summary: "State, owner, and every signal with value, baseline, evidence and verdict",
    request: { params },
    responses: { ...answers("The workflow", WorkflowDetail), ...refusals, ...notFound },
  });
  api.openapi(guarded(api, guard, one, "review"), async (c) => {
    const { workflow } = c.req.valid("param");
    const info = watch.workflows().find((candidate) => candidate.workflow === workflow);
    if (info === undefined) return c.json({ error: { message: `Cannot find workflow '${workflow}'` } }, 404);
    const baseline = journal.baselines.current(workflow);
    const detail = {
      ...presentWorkflow(deps, info),
      signals: watch.signals(workflow).map((entry) => presentSignal(entry, watch.explain(entry))),
      incidents: journal.incidents.list({ workflow, limit: 50 }).map(presentIncident),
      changes: journal.changes.list({ workflow, limit: 50 }).map(presentChange),
      baseline: baseline === null ? null : presentBaseline(baseline),
      ...presentDataMap(info.dataMap, await readUnmapped(deps, info)),
    };
    return c.json(detail, 200);
  });
  return api;
}

function gateRoutes({ guard, journal, watch }: WebDeps): Api {
  const api = createApi();
  const gate = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}/gate",
    summary: "May this workflow take new work?",
    description: "Answers from memory, also while ClickHouse is down. An ingest key learns the state alone.",
    request: { params },
    responses: { ...answers("The gate", Gate), ...refusals },
  });
  api.openapi(guarded(api, guard, gate, "ingest", "review"), (c) => {
    const answer = presentGate(journal.pauses.get(c.req.valid("param").workflow));
    const reads = c.get("visitor").scopes.some((scope) => scope !== "ingest");
    return c.json(reads ? answer : { ...answer, reason: "", incident_id: "" }, 200);
  });
  for (const action of ["pause", "resume"] as const) {
    const route = createRoute({
      method: "post",
      path: `/v1/workflows/{workflow}/${action}`,
      summary: action === "pause" ? "Stop the workflow from taking new work" : "Let a paused workflow go on",
      request: { params, ...takes(actBody) },
      responses: { ...answers("The gate afterwards", Gate), ...refusals },
    });
    api.openapi(guarded(api, guard, route, "admin"), (c) => {
      const act = readAct(c, c.req.valid("json"));
      if (action === "resume" && act.reason === "") {
        throw new PermanentError("Cannot resume: 'reason' must say why, got ''");
      }
      return c.json(presentGate(watch[action](c.req.valid("param").workflow, act)), 200);
    });
  }
  return api;
}

const baselineBody = z.object({
  ...actBody.shape,
  action: z.enum(["relearn", "pin", "accept"]),
  from: timeParam.optional(),
  to: timeParam.optional(),
  version: z.string().min(1).optional(),
});

/** The request that a checked body or form stands for. */
export function readBaselineRequest(body: Omit<z.output<typeof baselineBody>, "reason">): BaselineRequest {
  const { action, from = null, to = null, version = null } = body;
  if (action !== "pin") return { action };
  if (version === null && (from === null || to === null || from >= to)) {
    throw new PermanentError(
      "Cannot pin a baseline: 'from' and 'to' in this order, or 'version', must be given",
    );
  }
  return { action, fromMs: from, toMs: to, version };
}

function baselineRoutes({ guard, watch, journal }: WebDeps): Api {
  const api = createApi();
  const Outcome = z.object({ kind: z.string(), baseline: Baseline.nullable(), message: z.string() });
  const set = createRoute({
    method: "post",
    path: "/v1/workflows/{workflow}/baseline",
    summary: "Learn the baseline afresh, pin it, or accept what is seen now as normal",
    request: { params, ...takes(baselineBody) },
    responses: { ...answers("What was done", Outcome), ...refusals },
  });
  api.openapi(guarded(api, guard, set, "admin"), async (c) => {
    const body = c.req.valid("json");
    const { workflow } = c.req.valid("param");
    const outcome = await watch.baseline(workflow, readAct(c, body), readBaselineRequest(body));
    if (outcome.kind === "refused") return c.json({ error: { message: outcome.why } }, 400);
    const baseline = outcome.kind === "pinned" ? presentBaseline(outcome.baseline) : null;
    return c.json({ kind: outcome.kind, baseline, message: describeBaseline(outcome) }, 200);
  });
  const history = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}/baselines",
    summary: "Every baseline that was pinned, newest first",
    request: { params },
    responses: { ...answers("Baselines", z.object({ baselines: z.array(Baseline) })), ...refusals },
  });
  api.openapi(guarded(api, guard, history, "review"), (c) => {
    const { workflow } = c.req.valid("param");
    return c.json({ baselines: journal.baselines.history(workflow).map(presentBaseline) }, 200);
  });
  return api;
}

function scorecardRoutes(deps: WebDeps): Api {
  const api = createApi();
  const card = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}/scorecard",
    summary: "Pass, fail or not enough yet, by the criteria that were written down",
    request: { params },
    responses: { ...answers("The scorecard", Scorecard), ...refusals },
  });
  api.openapi(guarded(api, deps.guard, card, "review"), async (c) =>
    c.json(presentScorecard(await buildScorecard(deps, c.req.valid("param").workflow)), 200),
  );
  return api;
}

/** What was done about a baseline, in one sentence. */
export function describeBaseline(outcome: BaselineOutcome): string {
  switch (outcome.kind) {
    case "pinned": {
      const { runs, fromMs, toMs } = outcome.baseline;
      return `The baseline now rests on ${runs} ${plural(runs, "run")} from ${iso(fromMs)} to ${iso(toMs)}.`;
    }
    case "learning":
      return `A new baseline is learned from the next ${outcome.runsMin} ${plural(outcome.runsMin, "run")}.`;
    case "refused":
      return outcome.why;
  }
}
