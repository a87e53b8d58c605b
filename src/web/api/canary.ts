import { createHash } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import type { CanaryCase, CanaryRound } from "../../model/canary.ts";
import { PermanentError } from "../../model/errors.ts";
import { isJsonObject, type Json } from "../../model/json.ts";
import type { FreezeRequest, WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, notFound, refusals, takes } from "./base.ts";
import { fromJsonText, iso } from "./present.ts";
import { actBody, readAct } from "./workflows.ts";

const params = z.object({ workflow: z.string().min(1).max(200) });
const json = z.unknown().meta({ description: "Any JSON value" });
const caseId = z.string().regex(/^[\w.:-]{1,100}$/, {
  error: "must be 1 to 100 letters, digits, '_', '.', ':' or '-'",
});

const Comparisons = z.object({ compared: z.number(), differed: z.number() });

const Round = z
  .object({
    round_id: z.string(),
    workflow: z.string(),
    at: z.string(),
    outcome: z.enum(["pinned", "same", "differs", "not enough"]),
    answers: z.number(),
    failed: z.number(),
    version: z.string(),
    models: z.array(z.string()),
    fingerprints: z.array(z.string()),
    fields: z.array(
      z.object({
        field: z.string(),
        verdict: z.enum(["same", "differs", "not enough"]),
        now: Comparisons,
        usual: Comparisons.meta({ description: "In the normal rounds before: noise from run to run" }),
        p_value: z.number(),
        evidence: z.number().meta({ description: "1 is the alarm level" }),
        case_ids: z.array(z.string()),
      }),
    ),
  })
  .openapi("CanaryRound");

const Case = z
  .object({ case_id: z.string(), inputs: json, outputs: json, pinned: z.boolean(), frozen_at: z.string() })
  .openapi("CanaryCase");

const Canary = z.object({ workflow: z.string(), cases: z.array(Case), rounds: z.array(Round) });

const freezeBody = z.object({
  ...actBody.shape,
  cases: z
    .array(z.object({ case_id: caseId.optional(), inputs: json, outputs: json.optional() }))
    .max(500)
    .optional()
    .meta({ description: "Inputs to freeze, each with the answer a person gives to it, if one does" }),
  from_runs: z
    .int()
    .min(1)
    .max(500)
    .optional()
    .meta({ description: "Freeze so many different inputs of stored runs" }),
});

const text = z.string().max(2000).default("");
const name = z.string().max(200).default("");
const roundBody = z.object({
  round_id: z.string().min(1).max(100),
  answers: z
    .array(
      z.object({
        case_id: caseId,
        run_id: z.string().min(1).max(256).optional(),
        outputs: json,
        error: text,
        model: name,
        fingerprint: name,
        version: name,
      }),
    )
    .min(1)
    .max(2_000),
});

/** Frozen inputs, and rounds of fresh answers to them. */
export function canaryRoutes(deps: WebDeps): Api {
  const api = createApi();
  readRoute(api, deps);
  freezeRoutes(api, deps);
  judgeRoutes(api, deps);
  return api;
}

function readRoute(api: Api, { guard, canary }: WebDeps): void {
  const route = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}/canary",
    summary: "Frozen inputs with their pinned answers, and the latest rounds",
    request: { params },
    responses: { ...answers("The canary", Canary), ...refusals },
  });
  api.openapi(guarded(api, guard, route, "review"), (c) => {
    const { workflow } = c.req.valid("param");
    const cases = canary.cases(workflow).map(presentCase);
    return c.json({ workflow, cases, rounds: canary.rounds(workflow, 30).map(presentRound) }, 200);
  });
}

function freezeRoutes(api: Api, deps: WebDeps): void {
  const { guard, canary } = deps;
  const freeze = createRoute({
    method: "post",
    path: "/v1/workflows/{workflow}/canary/cases",
    summary: "Freeze inputs",
    request: { params, ...takes(freezeBody) },
    responses: { ...answers("The frozen inputs", z.object({ cases: z.array(Case) })), ...refusals },
  });
  api.openapi(guarded(api, guard, freeze, "admin"), async (c) => {
    const { workflow } = c.req.valid("param");
    const body = c.req.valid("json");
    const given = (body.cases ?? []).map(
      (one): FreezeRequest => ({
        caseId: one.case_id ?? "",
        inputs: (one.inputs ?? null) as Json,
        outputs: one.outputs as Json | undefined,
      }),
    );
    const stored = body.from_runs === undefined ? [] : await inputsOfRuns(deps, workflow, body.from_runs);
    if (given.length + stored.length === 0) {
      throw new PermanentError(
        "Cannot freeze inputs: there are none; give 'cases', or 'from_runs' once there are runs",
      );
    }
    return c.json(
      { cases: canary.freeze(workflow, [...given, ...stored], readAct(c, body)).map(presentCase) },
      200,
    );
  });
  const remove = createRoute({
    method: "delete",
    path: "/v1/workflows/{workflow}/canary/cases/{case_id}",
    summary: "Take a frozen input out",
    request: {
      params: params.extend({ case_id: caseId }),
      query: z.object({ actor: z.string().max(200).optional() }),
    },
    responses: { ...answers("Taken out", z.object({ removed: z.boolean() })), ...refusals, ...notFound },
  });
  api.openapi(guarded(api, guard, remove, "admin"), (c) => {
    const { workflow, case_id } = c.req.valid("param");
    const act = readAct(c, { actor: c.req.valid("query").actor, reason: "" });
    if (canary.remove(workflow, case_id, act)) return c.json({ removed: true }, 200);
    return c.json({ error: { message: "Cannot find the frozen input: there is none with this id" } }, 404);
  });
}

function judgeRoutes(api: Api, { guard, canary }: WebDeps): void {
  const judge = createRoute({
    method: "post",
    path: "/v1/workflows/{workflow}/canary/rounds",
    summary: "Send fresh answers to the frozen inputs, and hear whether they differ from the pinned ones",
    description: "The same `round_id` again gives the same answer and counts nothing twice.",
    request: { params, ...takes(roundBody) },
    responses: { ...answers("The judged round", Round), ...refusals },
  });
  api.openapi(guarded(api, guard, judge, "review"), async (c) => {
    const { workflow } = c.req.valid("param");
    const { round_id: roundId, answers: given } = c.req.valid("json");
    const fresh = given.map(({ case_id, run_id, outputs, ...rest }, index) => ({
      ...rest,
      caseId: case_id,
      runId: run_id ?? answerId([workflow, roundId, case_id, index]),
      outputs: (outputs ?? null) as Json,
    }));
    return c.json(presentRound(await canary.judge(workflow, roundId, fresh)), 200);
  });
  const repin = createRoute({
    method: "post",
    path: "/v1/workflows/{workflow}/canary/repin",
    summary: "Let the next round pin its answers anew: they differ because they are meant to",
    request: { params, ...takes(actBody) },
    responses: { ...answers("Done", z.object({ cases: z.number() })), ...refusals },
  });
  api.openapi(guarded(api, guard, repin, "admin"), (c) => {
    const { workflow } = c.req.valid("param");
    canary.repin(workflow, readAct(c, c.req.valid("json")));
    return c.json({ cases: canary.cases(workflow).length }, 200);
  });
}

/** The id of an answer's run where none is given: other workflows may name their rounds and inputs alike. */
function answerId(names: readonly (string | number)[]): string {
  return `canary-${createHash("sha256").update(JSON.stringify(names)).digest("hex").slice(0, 24)}`;
}

/** Different inputs of live runs that went well, spread over the latest of them. */
async function inputsOfRuns({ store }: WebDeps, workflow: string, count: number): Promise<FreezeRequest[]> {
  const { runs } = await store.searchRuns({ workflow, status: "ok", limit: 500 });
  const inputs = [...new Set(runs.filter(({ mode }) => mode === "live").map((run) => run.inputs))];
  const different = inputs.map((one) => fromJsonText(one) as Json).filter((one) => hasContent(one));
  const stepSize = Math.max(1, different.length / count);
  return Array.from({ length: Math.min(count, different.length) }, (_, index) => ({
    caseId: "",
    inputs: different[Math.floor(index * stepSize)] ?? null,
    outputs: undefined,
  }));
}

function hasContent(value: Json): boolean {
  return value !== null && value !== "" && !(isJsonObject(value) && Object.keys(value).length === 0);
}

function presentCase({ caseId: case_id, inputs, pinned, frozenAtMs }: CanaryCase) {
  return {
    case_id,
    inputs,
    outputs: pinned?.outputs ?? null,
    pinned: pinned !== null,
    frozen_at: iso(frozenAtMs),
  };
}

/** A round as the API answers it. */
function presentRound(round: CanaryRound): z.output<typeof Round> {
  const {
    roundId: round_id,
    workflow,
    atMs,
    outcome,
    answers,
    failed,
    version,
    models,
    fingerprints,
  } = round;
  const fields = round.fields.map(({ pValue: p_value, caseIds: case_ids, ...rest }) => ({
    ...rest,
    p_value,
    case_ids,
  }));
  return {
    round_id,
    workflow,
    at: iso(atMs),
    outcome,
    answers,
    failed,
    version,
    models,
    fingerprints,
    fields,
  };
}
