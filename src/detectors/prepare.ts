import { type SignalKey, signalId } from "../model/signal.ts";
import type { Figure, Unit } from "../model/verdict.ts";
import type { Score, SignalBaseline, WorkflowBaseline } from "./baseline.ts";
import { type Component, compileComponents } from "./components.ts";
import { baselineFigure, unitOf } from "./figures.ts";
import { type BinIndex, binIndex } from "./layout.ts";
import { createLogSums, type LogSums } from "./math/log-sums.ts";
import { type DirectionNoise, plugins } from "./plugin.ts";
import { isShare } from "./score.ts";
import { createSuffix, type Suffix, type Summed } from "./suffix.ts";
import { compileTilts, type Tilts } from "./tilts.ts";

/** A signal's baseline, compiled for repeated use. */
export interface PreparedSignal extends Summed {
  id: string;
  key: SignalKey;
  index: BinIndex;
  components: Component[];
  /** Their logarithms of weights, and what those that are tilts reckon with. */
  logWeights: Float64Array;
  tilts: Tilts;
  /** What is told of the signal while nothing has changed. */
  usual: Usual | null;
  /** What is expected in the hour that was read last. */
  lastHour: { hour: number; shares: readonly number[] };
  scratch: Scratch;
}

/** The score that speaks for a signal, and what the baseline says of it. */
export interface Usual {
  score: Score;
  unit: Unit;
  of: string;
  baseline: Figure;
}

/** Room to reckon in, shared by the signals of a workflow: nothing in it outlives the call that uses it. */
export interface Scratch {
  suffix: Suffix;
  /** Evidence of each component, and what one start adds to it. */
  sums: LogSums;
  logs: Float64Array;
  /** What damps each daily plug-in. */
  plugins: (DirectionNoise | null)[];
}

/** A baseline, compiled: pure derivation, remembered for as long as the baseline object lives. */
export interface Prepared {
  baseline: WorkflowBaseline;
  signals: PreparedSignal[];
  byId: Map<string, PreparedSignal>;
}

const prepared = new WeakMap<WorkflowBaseline, Prepared>();

/** Compiles a baseline; the second call with the same object is free. */
export function prepare(baseline: WorkflowBaseline): Prepared {
  const known = prepared.get(baseline);
  if (known !== undefined) return known;
  const components = baseline.signals.map(compileComponents);
  const scratch = createScratch(baseline.signals, components);
  const signals = baseline.signals.map((signal, at) =>
    compile(baseline.workflow, signal, components[at] ?? [], scratch),
  );
  const result = { baseline, signals, byId: new Map(signals.map((signal) => [signal.id, signal])) };
  prepared.set(baseline, result);
  return result;
}

/** Compiles one signal. */
export function prepareSignal(workflow: string, baseline: SignalBaseline): PreparedSignal {
  const components = compileComponents(baseline);
  return compile(workflow, baseline, components, createScratch([baseline], [components]));
}

function compile(
  workflow: string,
  baseline: SignalBaseline,
  components: Component[],
  scratch: Scratch,
): PreparedSignal {
  const { kind, field, ages, strata, layout, scores } = baseline;
  const key = { workflow, kind, field };
  return {
    id: signalId(key),
    key,
    baseline,
    index: binIndex(layout),
    components,
    logWeights: Float64Array.from(components, ({ logWeight }) => logWeight),
    tilts: compileTilts(baseline, components),
    ones: scores.map(({ values }) =>
      isShare(values) ? values.flatMap((value, k) => (value === 1 ? [k] : [])) : null,
    ),
    expects: ages !== null || layout.shape === "hazard" || (strata !== null && layout.shape !== "volume"),
    usual: usualOf(baseline),
    lastHour: { hour: -1, shares: [] },
    scratch,
  };
}

function usualOf(baseline: SignalBaseline): Usual | null {
  const score = baseline.layout.shape === "hazard" ? baseline.scores.at(-1) : baseline.scores[0];
  if (score === undefined) return null;
  return { score, ...unitOf(baseline, score), baseline: baselineFigure(baseline, score) };
}

function createScratch(
  signals: readonly SignalBaseline[],
  components: readonly (readonly Component[])[],
): Scratch {
  const longest = (lists: readonly (readonly unknown[])[]): number =>
    lists.reduce((most, { length }) => Math.max(most, length), 0);
  const bins = longest(signals.map(({ shares }) => shares));
  const scores = longest(signals.map((signal) => signal.scores));
  return {
    suffix: createSuffix(bins, scores, plugins.length),
    sums: createLogSums(longest(components)),
    logs: new Float64Array(longest(components)),
    plugins: [],
  };
}
