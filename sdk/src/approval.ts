import { randomUUID } from "node:crypto";
import { type Answer, Question } from "./approval-question.ts";
import type { ApprovalAnswer, ApprovalRequest } from "./approval-request.ts";
import type { Core } from "./core.ts";
import { type Json, snapshot } from "./snapshot.ts";

/** What the sidecar takes of a note or an error, in characters. */
const textMax = 10_000;

/** Asks before an act, and waits for the answer. Never rejects. */
export type AskApproval = (request: ApprovalRequest) => Promise<ApprovalAnswer>;

/** One client's questions. */
export interface Approvals {
  ask: AskApproval;
  /** Ends every wait: nothing that waits may act. */
  close(): void;
}

/**
 * Builds the questions of a client. An act happens only on the sidecar's word; `onUnknown: "act"` is the one exception,
 * and holds only while the sidecar has never answered to the question.
 */
export function createApprovals(core: () => Core, headers: Record<string, string>): Approvals {
  const closing = new AbortController();
  return {
    async ask(request) {
      const id = givenId(request);
      const answer: Answer = (state, reason = "", act = false) => {
        return { act, state, id, reason, actor: "" };
      };
      try {
        if (core().canary.getStore() !== undefined)
          return answer("held", "A frozen input is answered: nothing is to be done");
        const body = describe(core(), request, id);
        if (body === null) return answer("refused", "The payload is too large to be shown to a person");
        const { endpoint } = core().settings;
        if (!URL.canParse(endpoint)) return answer("refused", "The endpoint is no URL");
        return await new Question(`${endpoint}/v1/approvals`, headers, body, request, closing.signal).settle(
          answer,
        );
      } catch {
        // What the host gave could not be read.
        return answer("refused", "The request could not be made");
      }
    },
    close: () => closing.abort(),
  };
}

function givenId(request: ApprovalRequest): string {
  try {
    const { id } = request;
    return typeof id === "string" && id !== "" ? id : randomUUID();
  } catch {
    return randomUUID();
  }
}

/** The question's body; null where the payload was too large to be copied whole. */
function describe(core: Core, request: ApprovalRequest, id: string) {
  const run = core.active.getStore()?.run;
  const root = run?.spans[0];
  const copied = copy(request.payload);
  if (copied === undefined) return null;
  const confidence = request.confidence ?? root?.attributes.get("evenkeel.confidence");
  return {
    approval_id: id,
    workflow: request.workflow ?? run?.workflow ?? "",
    action: request.action,
    payload: copied,
    inputs: request.inputs === undefined ? (root?.inputs?.value ?? null) : (copy(request.inputs) ?? null),
    outputs: request.outputs === undefined ? null : (copy(request.outputs) ?? null),
    ...(typeof confidence === "number" ? { confidence } : {}),
    run_id: run?.id ?? "",
    note: (request.note ?? "").slice(0, textMax),
    error: errorText(request.error).slice(0, textMax),
    hold: request.hold === true,
  };
}

function errorText(error: unknown): string {
  if (error === undefined) return "";
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return typeof error === "string" ? error : JSON.stringify(snapshot(error).value);
}

/** A copy that is whole; undefined where it would be cut. */
function copy(value: unknown): Json | undefined {
  const { value: copied, truncated } = snapshot(value);
  return truncated ? undefined : copied;
}
