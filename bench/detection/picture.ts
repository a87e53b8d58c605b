import { type DelayCase, runDelays } from "./delay.ts";
import type { Settings } from "./section.ts";
import { median } from "./statistics.ts";
import type { World } from "./world.ts";

const targets = [0.03, 0.04, 0.05, 0.07, 0.1, 0.2, 0.5, 1];
const size = { width: 720, height: 380, left: 70, right: 30, top: 50, bottom: 60 };
const runsRange = [3, 10_000] as const;

/**
 * Draws what the false-alarm budget costs in delay: how many runs pass before an empty field is noticed, by how
 * often it is empty, from 2 % on. One point is the median of the replications.
 */
export function drawPicture({ seed, long }: Settings, note: (text: string) => void): string {
  const worlds: { world: World; label: string; color: string }[] = [
    { world: "iid", label: "even traffic", color: "#1f6f8b" },
    { world: "real", label: "restless traffic: hours, weekdays and days differ", color: "#c0582b" },
  ];
  const lines = worlds.map(({ world, label, color }, at) => {
    note(`picture: ${world}`);
    const points = medians(world, seed, long ? 60 : 12);
    const path = points.map(({ share, runs }) => `${x(share).toFixed(1)},${y(runs).toFixed(1)}`).join(" ");
    const dots = points
      .map(
        ({ share, runs }) =>
          `<circle cx="${x(share).toFixed(1)}" cy="${y(runs).toFixed(1)}" r="3.5" fill="${color}"/>`,
      )
      .join("");
    const legend = `<text x="${size.left + 240}" y="${size.top + 24 + 20 * at}" fill="${color}">${label}</text>`;
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots}${legend}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="system-ui, sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${size.left}" y="26" font-size="16" fill="#222222">Runs until you hear of it: a field that was empty in 2 % of runs, 480 runs a day</text>
${axes()}
${lines.join("\n")}
</svg>
`;
}

function medians(world: World, seed: number, replications: number): { share: number; runs: number }[] {
  const cases = targets.map(
    (to): DelayCase => ({
      name: String(to),
      source: "null_rate output.field2",
      change: { to },
      runsMax: 10_000,
    }),
  );
  const found = Array.from({ length: replications }, (_, at) =>
    runDelays({ world, perDay: 480, baselineDays: 28 }, cases, seed + 400 + at),
  ).flat();
  return targets.map((to) => {
    const own = found.filter(({ name, runs }) => name === String(to) && runs !== -1);
    return { share: to, runs: Math.min(10_000, median(own.map(({ runs }) => runs ?? Infinity))) };
  });
}

function x(share: number): number {
  const [from, to] = [Math.log(0.025), Math.log(1)];
  return size.left + ((Math.log(share) - from) / (to - from)) * (size.width - size.left - size.right);
}

function y(runs: number): number {
  const [from, to] = runsRange.map(Math.log) as [number, number];
  const height = size.height - size.top - size.bottom;
  return size.top + height - ((Math.log(runs) - from) / (to - from)) * height;
}

function axes(): string {
  const bottom = size.height - size.bottom;
  const columns = [0.03, 0.05, 0.1, 0.2, 0.5, 1].map(
    (share) =>
      `<text x="${x(share)}" y="${bottom + 20}" text-anchor="middle" fill="#555555">${share * 100} %</text>`,
  );
  const rows = [10, 100, 1000, 10_000].map(
    (runs) =>
      `<line x1="${size.left}" x2="${size.width - size.right}" y1="${y(runs)}" y2="${y(runs)}" stroke="#dddddd"/>` +
      `<text x="${size.left - 8}" y="${y(runs) + 4}" text-anchor="end" fill="#555555">${runs}</text>`,
  );
  const middle = (size.left + size.width - size.right) / 2;
  const title = `<text x="${middle}" y="${bottom + 44}" text-anchor="middle" fill="#555555">empty from then on, in % of runs</text>`;
  return [...rows, ...columns, title].join("\n");
}
