import { type Core, setAttribute } from "./core.ts";
import { outcomeWith, reviewWith } from "./feedback.ts";

/** The run in progress, as code inside an observed function sees it. */
export interface CurrentRun {
  /** What to give to `review()` and `outcome()` later; "" outside of a run. */
  readonly id: string;
  /** How sure the automation is, 0 to 1. */
  confidence(value: number): void;
  /** A name and value to slice by. Few distinct values, nothing personal. */
  attribute(name: string, value: string | number | boolean): void;
  /** The model that answered, where it differs from the one asked for, and the fingerprint of what it ran on. */
  model(resolved: string, fingerprint?: string): void;
  /** What the business calls the case (an invoice number); outcomes and decisions find the run by it. */
  key(businessKey: string): void;
  tokens(input: number, output: number): void;
  /** What the run cost, in US dollars. */
  cost(usd: number): void;
  /** How often its calls were tried again. */
  retries(count: number): void;
  /** A person put this output in place of the automation's. */
  override(finalOutput: unknown, by?: { reviewer?: string; reason?: string }): void;
  /** What happened in the business because of this run. */
  outcome(name: string, value: number | boolean | string): void;
}

/** The run of the current asynchronous context. Outside of a run every method does nothing. */
export function currentRunWith(core: Core): CurrentRun {
  const run = core.active.getStore()?.run;
  const set = (name: string, value: unknown): void => {
    const root = run?.spans[0];
    if (root !== undefined) setAttribute(root, name, value);
  };
  return {
    id: run?.id ?? "",
    confidence: (value) => set("evenkeel.confidence", value),
    attribute: (name, value) => set(`evenkeel.attr.${name}`, String(value)),
    model(resolved, fingerprint) {
      set("evenkeel.model.resolved", resolved);
      set("evenkeel.attr.model_fingerprint", fingerprint);
    },
    key: (businessKey) => set("evenkeel.key", businessKey),
    tokens(input, output) {
      set("gen_ai.usage.input_tokens", input);
      set("gen_ai.usage.output_tokens", output);
    },
    cost: (usd) => set("evenkeel.cost.usd", usd),
    retries: (count) => set("evenkeel.retries", count),
    override(finalOutput, by = {}) {
      if (run === undefined) return;
      reviewWith(core, run.id, { verdict: "edited", output: finalOutput, ...by }, run.workflow);
    },
    outcome(name, value) {
      if (run !== undefined) outcomeWith(core, run.id, name, value, run.workflow);
    },
  };
}
