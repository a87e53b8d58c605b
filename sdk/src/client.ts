import { AsyncLocalStorage } from "node:async_hooks";
import { trace } from "@opentelemetry/api";
import { type AskApproval, createApprovals } from "./approval.ts";
import { type CanaryAnswer, type CanaryOptions, canaryWith } from "./canary.ts";
import type { CanaryCall, Core, Frame } from "./core.ts";
import { type CurrentRun, currentRunWith } from "./current-run.ts";
import {
  type DecisionInput,
  decisionWith,
  outcomeWith,
  type ReviewInput,
  reviewWith,
  type RunName,
} from "./feedback.ts";
import { createGate, type Gate } from "./gate.ts";
import { type AnyFunction, type ObserveOptions, observeWith } from "./observe.ts";
import { type ClientOptions, resolveSettings } from "./options.ts";
import { createRequestHead } from "./otlp/encode.ts";
import { Pipeline } from "./pipeline.ts";
import { createRandomHex } from "./random-hex.ts";
import type { Attributes } from "./record.ts";
import { createSend } from "./send.ts";
import { createStats, type Stats } from "./stats.ts";
import { type StepHandle, type StepOptions, stepWith } from "./step.ts";

/** The version of this package. */
export const sdkVersion = "0.1.0";

/** One connection to a sidecar, with its own queue. Most programs use the functions of the package instead. */
export interface Client {
  observe<F extends AnyFunction>(fn: F, options: ObserveOptions<F>): F;
  step<T>(name: string, fn: (step: StepHandle) => T, options?: StepOptions): T;
  currentRun(): CurrentRun;
  review(runId: string, review: ReviewInput): void;
  outcome(run: RunName, name: string, value: number | boolean | string): void;
  decision(run: RunName, decision: DecisionInput): void;
  canary(workflow: string, fn: AnyFunction, canaryOptions?: CanaryOptions): Promise<CanaryAnswer>;
  gate: Gate;
  approval: AskApproval;
  flush(timeoutMs?: number): Promise<boolean>;
  shutdown(timeoutMs?: number): Promise<boolean>;
  stats(): Stats;
}

/** A client with the part that observed functions hold on to. */
export interface ClientWithCore extends Client {
  core: Core;
}

const flushMs = 10_000;
const exitMs = 2000;

/**
 * Builds a client. Use it instead of the functions of the package to have several, each with its own
 * endpoint or clock; call `shutdown` when done.
 */
export function createClient(options: ClientOptions = {}): ClientWithCore {
  const core = createCore(options);
  const approvals = createApprovals(() => core, headersOf(core.settings.apiKey));
  const gate = createGate(core.settings.endpoint, headersOf(core.settings.apiKey));
  const flush = (timeoutMs = flushMs): Promise<boolean> => core.pipeline.flush(timeoutMs);
  let exiting = false;
  const flushAtExit = (): void => {
    if (core.stats.waiting === 0 || exiting) return;
    exiting = true;
    void flush(exitMs);
  };
  process.on("beforeExit", flushAtExit);
  return {
    core,
    observe: (fn, observeOptions) => observeWith(() => core, fn, observeOptions),
    step: (name, fn, stepOptions) => stepWith(core, name, fn, stepOptions),
    currentRun: () => currentRunWith(core),
    review: (runId, review) => reviewWith(core, runId, review),
    outcome: (run, name, value) => outcomeWith(core, run, name, value),
    decision: (run, decision) => decisionWith(core, run, decision),
    canary: (workflow, fn, canaryOptions) => canaryWith(core, workflow, fn, canaryOptions),
    gate,
    approval: approvals.ask,
    flush,
    shutdown(timeoutMs = flushMs) {
      process.off("beforeExit", flushAtExit);
      approvals.close();
      return core.pipeline.close(timeoutMs);
    },
    stats: () => structuredClone(core.stats),
  };
}

function createCore(options: ClientOptions): Core {
  const settings = resolveSettings(options, process.env);
  const stats = createStats();
  const resource = resourceAttributes(process.env);
  return {
    settings,
    stats,
    active: new AsyncLocalStorage<Frame>(),
    canary: new AsyncLocalStorage<CanaryCall>(),
    randomHex: createRandomHex(),
    hostTracer: settings.joinHost ? trace.getTracer("@evenkeel/sdk", sdkVersion) : null,
    pipeline: new Pipeline({
      ...settings,
      stats,
      send: createSend(settings.endpoint, headersOf(settings.apiKey)),
      requestHead: createRequestHead(resource, sdkVersion),
    }),
  };
}

function headersOf(apiKey: string): Record<string, string> {
  return apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` };
}

function resourceAttributes(env: NodeJS.ProcessEnv): Attributes {
  const attributes: Attributes = new Map([
    ["telemetry.sdk.name", "@evenkeel/sdk"],
    ["telemetry.sdk.language", "nodejs"],
    ["telemetry.sdk.version", sdkVersion],
  ]);
  if (env.OTEL_SERVICE_NAME) attributes.set("service.name", env.OTEL_SERVICE_NAME);
  return attributes;
}
