import { randomUUID } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Approval, mayAct } from "../../model/approval.ts";
import type { Json } from "../../model/json.ts";
import type { GuardedEnv } from "../guard.ts";
import type { WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, notFound, refusals, takes } from "./base.ts";
import { iso } from "./present.ts";
import { ErrorBody } from "./schemas.ts";
import { Approval as ApprovalSchema, HeldItem } from "./schemas-approval.ts";
import { readAct } from "./workflows.ts";

const name = z.string().trim().min(1).max(200);
/** It becomes part of a link, and half an emoji cannot. */
const linkable = /^[^\p{Cs}\p{Cc}]*$/u;
const linkableRule = { error: "must be well-formed Unicode without control characters" };
const linkableName = name.regex(linkable, linkableRule);
const json = z.unknown().meta({ description: "Any JSON value" });

const askBody = z.strictObject({
  approval_id: linkableName
    .optional()
    .meta({ description: "Stands for one act for ever; the same id is asked again after a restart" }),
  workflow: linkableName,
  action: name.meta({ description: "What would be done, in a few words" }),
  payload: json.optional(),
  inputs: json.optional(),
  outputs: json.optional().meta({ description: "For the contract; the payload where it is not given" }),
  confidence: z.number().min(0).max(1).optional(),
  run_id: z.string().max(300).regex(linkable, linkableRule).default(""),
  note: z.string().max(10_000).default("").meta({ description: "What a person needs to finish by hand" }),
  error: z.string().max(10_000).default("").meta({ description: "The last error of the automation" }),
  hold: z.boolean().default(false).meta({ description: "Hold it whatever the rules say" }),
});

const decisionBody = z.strictObject({
  decision: z.enum(["approve", "reject", "done_by_hand"]),
  actor: z.string().max(200).optional(),
  reason: z.string().max(2000).default(""),
});

const params = z.object({ approval_id: z.string().min(1).max(200) });
const conflict = {
  409: {
    description: "The id stands for another act, or it is too late",
    content: { "application/json": { schema: ErrorBody } },
  },
};

/** A caller may wait so long for an answer, in seconds. */
const waitSecondsMax = 50;

/** Everything below `/v1/approvals`. */
export function approvalRoutes(deps: Pick<WebDeps, "guard" | "approvals">): Api {
  const api = createApi();
  api.route("/", askRoutes(deps));
  api.route("/", answerRoutes(deps));
  return api;
}

function askRoutes({ guard, approvals }: Pick<WebDeps, "guard" | "approvals">): Api {
  const api = createApi();
  const ask = createRoute({
    method: "post",
    path: "/v1/approvals",
    summary: "Ask before an act: it may be done at once, or is held for a person",
    description: "Act only where `act` is true. Asked again under the same id, it answers what became of it.",
    request: takes(askBody),
    responses: { ...answers("What holds of the act", ApprovalSchema), ...refusals, ...conflict },
  });
  api.openapi(guarded(api, guard, ask, "ingest", "review"), (c) => {
    const { approval_id: approvalId = randomUUID(), run_id: runId, ...given } = c.req.valid("json");
    const { payload = null, inputs = null, outputs = null, confidence = null } = given;
    const answer = approvals.ask({
      ...given,
      ...{ approvalId, runId, confidence, askedBy: c.get("visitor").name },
      // The parser made them of JSON.
      ...{ payload: payload as Json, inputs: inputs as Json, outputs: outputs as Json },
    });
    if (answer.kind === "clear") return c.json(presentClear(approvalId, given), 200);
    if (answer.kind === "known") return c.json(presentFor(c, answer.approval), 200);
    const message = `Cannot ask: 'approval_id' '${approvalId}' must stand for one act, and stands for another`;
    return c.json({ error: { message } }, 409);
  });
  const one = createRoute({
    method: "get",
    path: "/v1/approvals/{approval_id}",
    summary: "What became of an act that was held",
    description: "An ingest key learns the state alone. Items that no rule held are not known.",
    request: {
      params,
      query: z.strictObject({
        wait_seconds: z.coerce
          .number()
          .min(0)
          .max(waitSecondsMax)
          .default(0)
          .meta({ description: "Answers as soon as a person has decided, or after so long" }),
      }),
    },
    responses: { ...answers("The item", HeldItem), ...refusals, ...notFound },
  });
  api.openapi(guarded(api, guard, one, "ingest", "review"), async (c) => {
    const { approval_id: id } = c.req.valid("param");
    const { wait_seconds: seconds } = c.req.valid("query");
    const found =
      seconds === 0 ? approvals.get(id) : await approvals.wait(id, seconds * 1000, c.req.raw.signal);
    return found === null ? c.json(unknown(id), 404) : c.json(presentFor(c, found), 200);
  });
  return api;
}

function answerRoutes({ guard, approvals }: Pick<WebDeps, "guard" | "approvals">): Api {
  const api = createApi();
  const list = createRoute({
    method: "get",
    path: "/v1/approvals",
    summary:
      "Items that ask for a person, the nearest deadline first; with `state`, the newest of that state",
    request: {
      query: z.strictObject({
        workflow: z.string().optional(),
        state: z.enum(["held", "approved", "rejected", "done_by_hand", "timed_out"]).optional(),
        limit: z.coerce.number().int().min(1).max(500).default(100),
      }),
    },
    responses: { ...answers("Items", z.object({ approvals: z.array(HeldItem) })), ...refusals },
  });
  api.openapi(guarded(api, guard, list, "review"), (c) => {
    const { workflow, state, limit } = c.req.valid("query");
    const found =
      state === undefined
        ? approvals.open(workflow).slice(0, limit)
        : approvals.list({ workflow, state, limit });
    return c.json({ approvals: found.map(presentApproval) }, 200);
  });
  const decide = createRoute({
    method: "post",
    path: "/v1/approvals/{approval_id}/decision",
    summary: "Approve or reject a held item, or say that it was done by hand",
    request: { params, ...takes(decisionBody) },
    responses: { ...answers("The item afterwards", HeldItem), ...refusals, ...notFound, ...conflict },
  });
  api.openapi(guarded(api, guard, decide, "review"), (c) => {
    const { approval_id: id } = c.req.valid("param");
    const { decision, ...act } = c.req.valid("json");
    const outcome = approvals.decide(id, decision, readAct(c, act));
    if (outcome.kind === "unknown") return c.json(unknown(id), 404);
    if (outcome.kind === "decided") return c.json(presentApproval(outcome.approval), 200);
    return c.json({ error: { message: tooLate(outcome.approval) } }, 409);
  });
  return api;
}

/** Why a decision came too late, as a sentence without its full stop. */
export function tooLate({ approvalId, state }: Approval): string {
  const why = state === "timed_out" ? "its time was over" : `it was ${state.replaceAll("_", " ")} already`;
  return `Cannot decide '${approvalId}': ${why}`;
}

const unknown = (id: string) => ({ error: { message: `Cannot find approval '${id}'` } });

/** A key that can send runs can read nothing: it learns whether to act. */
function presentFor(c: Context<GuardedEnv>, approval: Approval): z.infer<typeof HeldItem> {
  const item = presentApproval(approval);
  if (c.get("visitor").scopes.some((scope) => scope === "review" || scope === "admin")) return item;
  const hidden = { payload: null, inputs: null, outputs: null, confidence: null, note: "", error: "" };
  return { ...item, ...hidden, action: "", reasons: [], actor: "", reason: "", run_id: "" };
}

function presentClear(approvalId: string, { workflow, action }: { workflow: string; action: string }) {
  return { approval_id: approvalId, workflow, action, state: "clear" as const, act: true };
}

function presentApproval(approval: Approval): z.infer<typeof HeldItem> {
  const { state, decidedAtMs } = approval;
  return {
    approval_id: approval.approvalId,
    workflow: approval.workflow,
    action: approval.action,
    state,
    act: mayAct(approval),
    reasons: approval.reasons,
    held_at: iso(approval.heldAtMs),
    deadline: iso(approval.deadlineMs),
    on_timeout: approval.actsOnTimeout ? "act" : "hold",
    decided_at: decidedAtMs === null ? null : iso(decidedAtMs),
    actor: approval.actor,
    reason: approval.reason,
    run_id: approval.runId,
    payload: approval.payload,
    inputs: approval.inputs,
    outputs: approval.outputs,
    confidence: approval.confidence,
    note: approval.note,
    error: approval.error,
  };
}
