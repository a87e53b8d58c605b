import type { SignalBaseline } from "./baseline.ts";
import { hasPlugins, pluginNoise, plugins } from "./plugin.ts";
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
      const { rhoDay, rhoHour } = score;
      return [{ plugin: -1, score: at, tilt, bound, logWeight, rhoDay, rhoHour }];
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
    return { plugin, score: -1, tilt: 0, bound: 0, logWeight, ...noise };
  });
}
