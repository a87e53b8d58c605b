/**
 * Sends an AI automation's runs to an Evenkeel sidecar.
 *
 * ```ts
 * import { observe } from "@evenkeel/sdk";
 *
 * const triage = observe(triageTicket, { workflow: "ticket-triage", prompt: PROMPT, model: "gpt-5-mini" });
 * ```
 *
 * Nothing here throws into the host, waits on the network in a call, or holds more than a bounded amount of
 * memory; `stats()` says what was sent and what was not.
 */
import type { ApprovalAnswer, ApprovalRequest } from "./approval-request.ts";
import { type ClientWithCore, createClient } from "./client.ts";
import type { CurrentRun } from "./current-run.ts";
import type { CanaryAnswer, CanaryOptions } from "./canary.ts";
import type { DecisionInput, ReviewInput, RunName } from "./feedback.ts";
import type { GateAnswer, GateOptions } from "./gate.ts";
import { type AnyFunction, type ObserveOptions, observeWith } from "./observe.ts";
import type { ClientOptions } from "./options.ts";
import type { Stats } from "./stats.ts";
import type { StepHandle, StepOptions } from "./step.ts";

export type { ApprovalAnswer, ApprovalRequest, ApprovalState } from "./approval-request.ts";
export { type Client, createClient } from "./client.ts";
export type { Clock } from "./clock.ts";
export type { CurrentRun } from "./current-run.ts";
export type { CanaryAnswer, CanaryFieldAnswer, CanaryOptions } from "./canary.ts";
export type { DecisionInput, ReviewInput, RunName } from "./feedback.ts";
export type { GateAnswer, GateOptions } from "./gate.ts";
export type { AnyFunction, ObserveOptions } from "./observe.ts";
export type { ClientOptions } from "./options.ts";
export type { DropReason, Stats } from "./stats.ts";
export type { StepHandle, StepOptions } from "./step.ts";

let current: ClientWithCore | null = null;

/** The client behind the functions below; made at their first use, from the environment. */
function client(): ClientWithCore {
  current ??= createClient();
  return current;
}

/**
 * Sets endpoint, key and limits. Optional: without it the environment and the defaults apply. Functions that
 * are observed already follow; what an earlier configuration was still to send is sent to its endpoint.
 */
export function configure(options: ClientOptions): void {
  const before = current;
  current = createClient(options);
  void before?.shutdown();
}

/**
 * Wraps a function so that each call becomes a run: arguments are the inputs, the result the outputs, a throw
 * the error. Returns a function of the same type that behaves the same.
 */
export function observe<F extends AnyFunction>(fn: F, options: ObserveOptions<F>): F {
  return observeWith(() => client().core, fn, options);
}

/** Runs `fn` as a step (a model call, a tool call) of the current run; outside of a run it just runs it. */
export function step<T>(name: string, fn: (step: StepHandle) => T, options?: StepOptions): T {
  return client().step(name, fn, options);
}

/** The run in progress. Outside of a run its `id` is "" and its methods do nothing. */
export function currentRun(): CurrentRun {
  return client().currentRun();
}

/** Sends a person's verdict on a run. */
export function review(runId: string, verdict: ReviewInput): void {
  client().review(runId, verdict);
}

/**
 * Sends what later happened in the business because of a run: `outcome(id, "lead_converted", true)`, or by the key
 * that the run was given, `outcome({ workflow: "lead-scoring", key: "CRM-42" }, "lead_converted", true)`.
 */
export function outcome(run: RunName, name: string, value: number | boolean | string): void {
  client().outcome(run, name, value);
}

/**
 * Sends what a person decided on the input of a run in shadow mode. It may come before, with or after the run, by the
 * run's id or key.
 */
export function decision(run: RunName, given: DecisionInput): void {
  client().decision(run, given);
}

/**
 * Answers a workflow's frozen inputs with `fn` and has the sidecar compare the answers with the pinned ones. Call it
 * from a cron or before a release; observed functions in it count as canary runs. It waits for the network, and never
 * rejects.
 */
export function canary(workflow: string, fn: AnyFunction, options?: CanaryOptions): Promise<CanaryAnswer> {
  return client().canary(workflow, fn, options);
}

/**
 * Asks whether a workflow may take new work. The answer is cached for `maxAgeMs`; without an answer
 * `onUnknown` decides.
 */
export function gate(workflow: string, options?: GateOptions): Promise<GateAnswer> {
  return client().gate(workflow, options);
}

/**
 * Asks before an act, and waits until a person has decided where a rule holds it:
 * `if ((await approval({ action: "pay the invoice", payload: invoice, id: invoice.number })).act) await pay(invoice);`
 *
 * Never rejects. Without a person's word, or while the sidecar cannot be asked, nothing is to be done, unless the
 * configuration or `onUnknown` says otherwise.
 */
export function approval(request: ApprovalRequest): Promise<ApprovalAnswer> {
  return client().approval(request);
}

/**
 * Sends everything captured so far. Call it before `process.exit()`; a program that ends by itself does it.
 *
 * @returns False if not all was dealt with within `timeoutMs` (default 10 s).
 */
export function flush(timeoutMs?: number): Promise<boolean> {
  return client().flush(timeoutMs);
}

/** Flushes, and records nothing from then on. */
export function shutdown(timeoutMs?: number): Promise<boolean> {
  return client().shutdown(timeoutMs);
}

/** What was delivered, waits and was dropped since the start. */
export function stats(): Stats {
  return client().stats();
}
