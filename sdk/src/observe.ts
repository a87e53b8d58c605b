import { randomUUID } from "node:crypto";
import { capture, type Core, emitSpans, type Frame, type RunState } from "./core.ts";
import { follow } from "./follow.ts";
import { snapshot } from "./snapshot.ts";
import { type Ending, endSpan, openSpan, within } from "./span-state.ts";
import { type WorkflowOptions, type WorkflowVersion, workflowVersion } from "./workflow-version.ts";

/** Any function; `observe` keeps its exact type. */
export type AnyFunction = (...args: never[]) => unknown;

/** How the runs of an observed function are described. */
export interface ObserveOptions<F extends AnyFunction> {
  /** The name of the automation, the same for all its versions: `ticket-triage`. */
  workflow: string;
  /** The prompt's text. */
  prompt?: string | undefined;
  promptName?: string | undefined;
  promptVersion?: string | undefined;
  /** The model that is asked for. */
  model?: string | undefined;
  /** Model settings: `{ temperature: 0 }`. */
  settings?: Readonly<Record<string, unknown>> | undefined;
  /** Revision of the code; default: that of the client. */
  codeRevision?: string | undefined;
  /** What was deployed; default: a hash over prompt, model, settings and code revision. */
  version?: string | undefined;
  /** `shadow` and `canary` runs are watched apart from `live` ones. Default: `EVENKEEL_MODE`, else `live`. */
  mode?: "live" | "shadow" | "canary" | undefined;
  /** Names and values to slice by: `{ region: "eu" }`. Few distinct values, nothing personal. */
  attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
  /**
   * What to keep as inputs. Default: a single argument as it is; several as `{ arg0, arg1, … }`, because
   * parameter names change when code is minified, and a field that is renamed looks like drift.
   */
  inputs?: ((...args: Parameters<F>) => unknown) | undefined;
  /** What to keep of the result. Default: all of it; of an `async function*`, its text or parts. */
  outputs?: ((result: Output<F>) => unknown) | undefined;
  /** The id of a run, for one that has a natural key. Default, also for an empty one: a random UUID. */
  runId?: ((...args: Parameters<F>) => string) | undefined;
  /** What the business calls the case (an invoice number); outcomes and decisions find the run by it. */
  key?: ((...args: Parameters<F>) => string) | undefined;
}

type Output<F extends AnyFunction> = ReturnType<F> extends AsyncGenerator ? unknown : Awaited<ReturnType<F>>;

type Untyped = (this: unknown, ...args: unknown[]) => unknown;

interface UntypedOptions extends WorkflowOptions {
  inputs?: Untyped | undefined;
  outputs?: Untyped | undefined;
  runId?: Untyped | undefined;
  key?: Untyped | undefined;
}

/**
 * Wraps a function so that each call becomes a run of the client that `getCore` names at that time. Whatever
 * goes wrong in recording is counted; the function runs, returns and throws as it would by itself.
 */
export function observeWith<F extends AnyFunction>(
  getCore: () => Core,
  fn: F,
  options: ObserveOptions<F>,
): F {
  const original = fn as unknown as Untyped;
  const untyped = options as unknown as UntypedOptions;
  let version: WorkflowVersion | null = null;
  let versionCore: Core | null = null;

  function observed(this: unknown, ...args: unknown[]): unknown {
    const core = getCore();
    const call = (): unknown => original.apply(this, args);
    const frame = capture(core, () => {
      if (version === null || versionCore !== core) version = workflowVersion(untyped, core.settings);
      versionCore = core;
      return openRun(core, version, untyped, args);
    });
    if (frame === null) return call();
    return follow(
      call,
      (piece) => within(core, frame, piece),
      (ending) => capture(core, () => endRun(core, frame, untyped, ending)),
    );
  }
  Object.defineProperty(observed, "name", { value: original.name });
  Object.defineProperty(observed, "length", { value: original.length });
  return observed as unknown as F;
}

function openRun(core: Core, version: WorkflowVersion, options: UntypedOptions, args: unknown[]): Frame {
  const call = core.canary.getStore();
  const answers = call?.run === null;
  const given = answers ? call.runId : options.runId?.(...args);
  const id = typeof given === "string" && given !== "" ? given : randomUUID();
  const span = openSpan(core, { name: options.workflow, parent: null, constants: version.constants });
  const run: RunState = { id, workflow: options.workflow, spans: [span], ended: false };
  span.attributes.set("evenkeel.run.id", id);
  const key = options.key?.(...args);
  if (typeof key === "string" && key !== "") span.attributes.set("evenkeel.key", key);
  if (call !== undefined) {
    span.attributes.set("evenkeel.mode", "canary");
    span.attributes.set("evenkeel.attr.canary_round", call.roundId);
    if (answers) {
      span.attributes.set("evenkeel.attr.canary_case", call.caseId);
      call.run = run;
    }
  }
  const prompt = version.promptDue(span.startMs);
  if (prompt !== "") span.attributes.set("evenkeel.prompt.text", prompt);
  // The arguments are copied before the call, which may change them.
  span.inputs = snapshot(options.inputs === undefined ? namedArguments(args) : options.inputs(...args));
  return { run, span };
}

function endRun(core: Core, { run, span }: Frame, options: UntypedOptions, ending: Ending): void {
  run.ended = true;
  endSpan(core, span, options.outputs === undefined ? ending : mapped(ending, options.outputs));
  if (span.host === null) emitSpans(core, run.spans);
}

function mapped(ending: Ending, outputs: Untyped): Ending {
  return ending.kind === "returned" ? { kind: "returned", value: outputs(ending.value) } : ending;
}

function namedArguments(args: unknown[]): unknown {
  if (args.length === 1) return args[0];
  return Object.fromEntries(args.map((value, index) => [`arg${index}`, value]));
}
