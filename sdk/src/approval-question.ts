import { setTimeout as delay } from "node:timers/promises";
import type { ApprovalAnswer, ApprovalRequest, ApprovalState } from "./approval-request.ts";
import { fetchWithin } from "./fetch-within.ts";

const defaultUnreachableMs = 60_000;
const longPollSeconds = 25;
const requestTimeoutMs = 10_000;
const firstRetryMs = 250;
const lastRetryMs = 10_000;
/** Past the item's deadline an answer is due; a sidecar that stays away longer than this gives none. */
const graceMs = 60_000;

const states: ReadonlySet<string> = new Set<ApprovalState>([
  "clear",
  "held",
  "approved",
  "rejected",
  "done_by_hand",
  "timed_out",
]);

/** What a request to the sidecar came to. */
type Reply =
  | { kind: "item"; state: ApprovalState; act: boolean; deadlineMs: number; reason: string; actor: string }
  | { kind: "refused"; reason: string }
  | { kind: "not found" }
  | { kind: "no answer" };

/** Makes the answer that a caller gets. */
export type Answer = (state: ApprovalState, reason?: string, act?: boolean) => ApprovalAnswer;

/**
 * One act, from the question to the answer. It asks until the sidecar has answered, then waits by long polls under the
 * same id, so that neither a lost connection nor a restart of the sidecar loses the question.
 */
export class Question {
  private readonly startMs = performance.now();
  private readonly waitMs: number;
  /** When the latest answer came, whatever it said. */
  private heardMs = performance.now();
  /** Until when the item is held; null while it is not known to be. */
  private deadlineMs: number | null = null;

  constructor(
    private readonly url: string,
    private readonly headers: Record<string, string>,
    private readonly body: { approval_id: string },
    private readonly request: ApprovalRequest,
    private readonly closing: AbortSignal,
  ) {
    this.waitMs = request.waitMs ?? Number.POSITIVE_INFINITY;
  }

  async settle(answer: Answer): Promise<ApprovalAnswer> {
    let retryMs = firstRetryMs;
    for (let isKnown = false; ; ) {
      const sentMs = performance.now();
      const reply: Reply = await (isKnown ? this.poll() : this.ask());
      if (reply.kind === "refused") return answer("refused", reply.reason);
      if (reply.kind === "item" && reply.state !== "held")
        return { ...answer(reply.state, reply.reason, reply.act), actor: reply.actor };
      if (reply.kind !== "no answer") this.heardMs = performance.now();
      if (reply.kind === "item") this.deadlineMs = reply.deadlineMs;
      // An item that the sidecar has lost with its journal must be held again.
      if (reply.kind !== "no answer") isKnown = reply.kind === "item";
      if (this.isOver() || this.isLost()) return this.giveUp(answer);
      const isHurried = reply.kind !== "item" || performance.now() - sentMs < firstRetryMs;
      retryMs = reply.kind === "item" ? firstRetryMs : Math.min(retryMs * 2, lastRetryMs);
      if (isHurried) await this.pause(retryMs);
    }
  }

  /** The caller waits no longer. */
  private isOver(): boolean {
    return this.closing.aborted || this.remainingMs() === 0;
  }

  /** The sidecar has been away for too long. */
  private isLost(): boolean {
    const silentMs = performance.now() - this.heardMs;
    if (silentMs < (this.request.unreachableMs ?? defaultUnreachableMs)) return false;
    return this.deadlineMs === null || Date.now() > this.deadlineMs + graceMs;
  }

  private giveUp(answer: Answer): ApprovalAnswer {
    if (this.deadlineMs !== null && !this.isLost()) return answer("held", "Nobody has decided yet");
    const mayAct = this.deadlineMs === null && this.request.onUnknown === "act" && !this.closing.aborted;
    return answer("unknown", "The sidecar could not be reached", mayAct);
  }

  private remainingMs(): number {
    return Math.max(0, this.waitMs - (performance.now() - this.startMs));
  }

  private async pause(ms: number): Promise<void> {
    // A client that closes ends the pause, and the next look finds the wait over.
    await delay(Math.min(ms, this.remainingMs()), undefined, { signal: this.closing }).catch(() => undefined);
  }

  private ask(): Promise<Reply> {
    const headers = { ...this.headers, "content-type": "application/json" };
    return this.call(
      this.url,
      { method: "POST", headers, body: JSON.stringify(this.body) },
      requestTimeoutMs,
    );
  }

  private poll(): Promise<Reply> {
    const seconds = Math.min(longPollSeconds, this.remainingMs() / 1000);
    const url = `${this.url}/${encodeURIComponent(this.body.approval_id)}?wait_seconds=${seconds.toFixed(3)}`;
    return this.call(url, { headers: this.headers }, seconds * 1000 + requestTimeoutMs);
  }

  private async call(url: string, init: RequestInit, timeoutMs: number): Promise<Reply> {
    try {
      return await fetchWithin(Math.ceil(timeoutMs), url, { ...init, signal: this.closing }, readReply);
    } catch {
      return { kind: "no answer" };
    }
  }
}

async function readReply(response: Response): Promise<Reply> {
  const { status } = response;
  if (status === 404) return { kind: "not found" };
  // Anything that is not an answer of the sidecar's own may be a proxy in front of one that restarts.
  if (status >= 500 || status === 429 || status === 408) return { kind: "no answer" };
  const body = (await response.json().catch(() => null)) as Partial<Record<string, unknown>> | null;
  if (status !== 200) {
    const { message } = { message: "", ...(body?.error as { message?: unknown } | undefined) };
    return {
      kind: "refused",
      reason: `The sidecar answered ${status}. ${String(message)}`.slice(0, 500).trim(),
    };
  }
  const state = body?.state;
  if (typeof state !== "string" || !states.has(state)) return { kind: "no answer" };
  const deadline = typeof body?.deadline === "string" ? Date.parse(body.deadline) : Number.NaN;
  return {
    kind: "item",
    state: state as ApprovalState,
    act: body?.act === true,
    deadlineMs: Number.isNaN(deadline) ? Date.now() : deadline,
    reason: typeof body?.reason === "string" ? body.reason : "",
    actor: typeof body?.actor === "string" ? body.actor : "",
  };
}
