import type { SignalBaseline } from "./baseline.ts";
import { dot } from "./math/dot.ts";
import { hasPlugins, noiseOverall, plugins } from "./plugin.ts";
import { scoreVariance } from "./score.ts";
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
  /** Of a daily plug-in 0: what damps it depends on its direction (see `dailyNoises`). */
  rhoDay: number;
  rhoHour: number;
}

/** The components of a signal: tilts by score, upward and downward ones apart from each other, then the plug-ins. */
export function compileComponents(baseline: SignalBaseline): Component[] {
  const shapes = scoreShapes(baseline.layout, baseline.shares);
  const components = baseline.scores.flatMap((score, at) => {
    const shape = shapes.find(({ of }) => of === score.of);
    return (shape?.tilts ?? []).flatMap((tilt): Component[] => {
      const bound = tilt > 0 ? score.up : score.down;
      if (bound === null) return [];
      const logWeight = Math.log((shape?.weight ?? 1) / (shape?.tilts.length ?? 1));
      const skew =
        baseline.layout.shape === "category" ? skewOf(score.values, baseline.shares, bound, tilt) : 1;
      const noise = { rhoDay: score.rhoDay * skew, rhoHour: score.rhoHour * skew };
      return [{ plugin: -1, score: at, tilt, bound, logWeight, ...noise }];
    });
  });
  const tilts = components.reduce((all, { logWeight }) => all + Math.exp(logWeight), 0);
  components.push(...pluginComponents(baseline, Math.log((tilts * 0.35) / 0.65 / plugins.length)));
  const sum = components.reduce((all, { logWeight }) => all + Math.exp(logWeight), 0);
  return components.map((component) => ({ ...component, logWeight: component.logWeight - Math.log(sum) }));
}

/**
 * How much more a tilt of categories is damped than a small one, and one that makes a large share small less.
 *
 * Noise acts on the logarithm of shares, so a day that is off by the tilt λ is worth λ² / 2 σ². Its runs tell the two apart
 * by n KL, which is n λ² v / 2 for a small tilt alone: a rare category that grows says more. ρ makes up for that, by
 * 2 KL / λ² v. A category has many scores, and among many the one that is skewed alarms; rates, which have one, are not
 * damped for it: they would take a third to a half more runs to find.
 */
function skewOf(values: readonly number[], shares: readonly number[], bound: number, tilt: number): number {
  const below = values.map((value, k) => (shares[k] ?? 0) * Math.exp(bound * value));
  const above = values.map((value, k) => (shares[k] ?? 0) * Math.exp((bound + tilt) * value));
  const sum = (weights: readonly number[]): number => weights.reduce((all, weight) => all + weight, 0);
  const divergence = (tilt * dot(above, values)) / sum(above) - Math.log(sum(above) / sum(below));
  const variance = scoreVariance(values, shares);
  return variance > 0 ? (2 * divergence) / (tilt * tilt * variance) : 1;
}

function pluginComponents(baseline: SignalBaseline, logWeight: number): Component[] {
  if (!hasPlugins(baseline)) return [];
  const [none, overall] = [{ rhoDay: 0, rhoHour: 0 }, noiseOverall(baseline)];
  return plugins.map(({ daily }, plugin) => {
    const noise = daily ? none : overall;
    return { plugin, score: -1, tilt: 0, bound: 0, logWeight, ...noise };
  });
}
