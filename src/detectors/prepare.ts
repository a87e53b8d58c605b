import { signalId } from "../model/signal.ts";
import type { SignalBaseline, WorkflowBaseline } from "./baseline.ts";
import { type BinIndex, binIndex } from "./layout.ts";
import { dot } from "./math/dot.ts";
import { hasPlugins, pluginNoise, plugins } from "./plugin.ts";
import { isShare } from "./score.ts";
import { scoreShapes } from "./shape.ts";

/** One alternative: a tilt of a score, or a plug-in. */
export interface Component {
  /** Index of the plug-in, or -1 for a tilt. */
  plugin: number;
  score: number;
  tilt: number;
  /** The null's tilt. */
  bound: number;
  logWeight: number;
  rhoDay: number;
  rhoHour: number;
  /** For a share: e^bound and e^tilt − 1. For other scores: *k* factors of the null and of the alternative. */
  share: { boundFactor: number; rise: number } | null;
  below: number[];
  above: number[];
  /** ψ where the hour makes no difference. */
  psi: number;
}

/** A signal's baseline, compiled for repeated use. */
export interface PreparedSignal {
  id: string;
  baseline: SignalBaseline;
  index: BinIndex;
  components: Component[];
  /** Of each score that counts a share, the bins that count; null for other scores. */
  ones: (number[] | null)[];
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
  const signals = baseline.signals.map((signal) =>
    prepareSignal(signalId({ ...signal, workflow: baseline.workflow }), signal),
  );
  const result = { baseline, signals, byId: new Map(signals.map((signal) => [signal.id, signal])) };
  prepared.set(baseline, result);
  return result;
}

/** Compiles one signal. */
export function prepareSignal(id: string, baseline: SignalBaseline): PreparedSignal {
  const ones = baseline.scores.map(({ values }) =>
    isShare(values) ? values.flatMap((value, k) => (value === 1 ? [k] : [])) : null,
  );
  return { id, baseline, index: binIndex(baseline.layout), components: compile(baseline), ones };
}

function compile(baseline: SignalBaseline): Component[] {
  const shapes = scoreShapes(baseline.layout, baseline.shares);
  const components = baseline.scores.flatMap((score, at) => {
    const shape = shapes.find(({ of }) => of === score.of);
    return (shape?.tilts ?? []).flatMap((tilt): Component[] => {
      const bound = tilt > 0 ? score.up : score.down;
      if (bound === null) return [];
      const logWeight = Math.log((shape?.weight ?? 1) / (shape?.tilts.length ?? 1));
      const share = isShare(score.values) ? { boundFactor: Math.exp(bound), rise: Math.expm1(tilt) } : null;
      const below = score.values.map((value) => Math.exp(bound * value));
      const above = score.values.map((value) => Math.exp((bound + tilt) * value));
      const { rhoDay, rhoHour } = score;
      const psi =
        share === null
          ? Math.log(dot(above, baseline.shares) / dot(below, baseline.shares))
          : sharePsi(dot(score.values, baseline.shares), share);
      return [{ plugin: -1, score: at, tilt, bound, logWeight, rhoDay, rhoHour, share, below, above, psi }];
    });
  });
  const tilts = components.reduce((all, { logWeight }) => all + Math.exp(logWeight), 0);
  components.push(...pluginComponents(baseline, Math.log((tilts * 0.35) / 0.65 / plugins.length)));
  const sum = components.reduce((all, { logWeight }) => all + Math.exp(logWeight), 0);
  return components.map((component) => ({ ...component, logWeight: component.logWeight - Math.log(sum) }));
}

/** The plug-ins of a category. One that learns within the day is damped for every direction that it can follow. */
function pluginComponents(baseline: SignalBaseline, logWeight: number): Component[] {
  if (!hasPlugins(baseline)) return [];
  const rhoDay = pluginNoise(baseline, "rhoDay");
  const rhoHour = pluginNoise(baseline, "rhoHour");
  return plugins.map(({ daily }, plugin): Component => {
    const directions = daily ? 1 : baseline.shares.length - 1;
    const noise = { rhoDay: rhoDay * directions, rhoHour: rhoHour * directions };
    return {
      plugin,
      score: -1,
      tilt: 0,
      bound: 0,
      logWeight,
      ...noise,
      share: null,
      below: [],
      above: [],
      psi: 0,
    };
  });
}

/** Sum of a score over *k* counts: of a share only the bins that count are read. */
export function scoreSum(
  ones: readonly number[] | null,
  values: readonly number[],
  counts: readonly number[],
): number {
  if (ones === null) return dot(values, counts);
  let sum = 0;
  for (const k of ones) sum += counts[k] ?? 0;
  return sum;
}

/** ψ of a share whose null is moved: ln(1 + q (e^tilt − 1)), q the share at the boundary. */
export function sharePsi(
  share: number,
  { boundFactor, rise }: { boundFactor: number; rise: number },
): number {
  const raised = share * boundFactor;
  return Math.log1p((raised / (1 - share + raised)) * rise);
}
