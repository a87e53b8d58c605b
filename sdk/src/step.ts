import { capture, type Core, emitSpans, type Frame, setAttribute, type SpanState } from "./core.ts";
import { follow } from "./follow.ts";
import type { Constants } from "./record.ts";
import { snapshot } from "./snapshot.ts";
import { type Ending, endSpan, openSpan, within } from "./span-state.ts";
import { countDrop } from "./stats.ts";

/** How a step is described. */
export interface StepOptions {
  /** What it calls. Default: `step`. */
  kind?: "model" | "tool" | "step" | undefined;
  /** What it was given. */
  inputs?: unknown;
  model?: string | undefined;
}

/** The step in progress. */
export interface StepHandle {
  /** The model that answered. */
  model(resolved: string): void;
  tokens(input: number, output: number): void;
  /** How often the call was tried again. */
  retries(count: number): void;
  attribute(name: string, value: string | number | boolean): void;
}

const stepsPerRunMax = 1000;
const noConstants: Constants = { attributes: new Map(), encoded: new Uint8Array() };

/** Runs `fn` as a step of the current run; outside of a run it just runs it. */
export function stepWith<T>(
  core: Core,
  name: string,
  fn: (step: StepHandle) => T,
  options: StepOptions = {},
): T {
  const outer = core.active.getStore();
  const frame = outer === undefined ? null : capture(core, () => openStep(core, outer, name, options));
  if (frame === null) return fn(stepHandle(null));
  return follow(
    () => fn(stepHandle(frame.span)),
    (piece) => within(core, frame, piece),
    (ending) => capture(core, () => endStep(core, frame, ending)),
  );
}

function openStep(core: Core, { run, span: parent }: Frame, name: string, options: StepOptions): Frame {
  const span = openSpan(core, { name, parent, constants: noConstants });
  span.attributes.set("evenkeel.run.id", run.id);
  span.attributes.set("evenkeel.workflow", run.workflow);
  span.attributes.set("evenkeel.step", name);
  span.attributes.set("evenkeel.step.kind", options.kind ?? "step");
  setAttribute(span, "evenkeel.model", options.model);
  if ("inputs" in options) span.inputs = snapshot(options.inputs);
  return { run, span };
}

function endStep(core: Core, { run, span }: Frame, ending: Ending): void {
  endSpan(core, span, ending);
  if (span.host !== null) return;
  if (run.ended) emitSpans(core, [span]);
  else if (run.spans.length > stepsPerRunMax) countDrop(core.stats, "queue_full");
  else run.spans.push(span);
}

function stepHandle(span: SpanState | null): StepHandle {
  const set = (name: string, value: unknown): void => {
    if (span !== null) setAttribute(span, name, value);
  };
  return {
    model: (resolved) => set("evenkeel.model.resolved", resolved),
    tokens(input, output) {
      set("gen_ai.usage.input_tokens", input);
      set("gen_ai.usage.output_tokens", output);
    },
    retries: (count) => set("evenkeel.retries", count),
    attribute: (name, value) => set(`evenkeel.attr.${name}`, String(value)),
  };
}
