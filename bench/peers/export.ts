import { dayMs, hourMs, minuteMs } from "../../src/model/clock.ts";
import { delayCases } from "../detection/delay.ts";
import { epochMs } from "../detection/life.ts";
import { simulate, sources, type World } from "../detection/world.ts";

/**
 * Prints the streams of `npm run bench:detection` for other libraries, a JSON object a line: counts of runs and of
 * events for every three minutes, 28 days of baseline first. `onset` is an index into the counts; null where
 * nothing changes.
 *
 *   node --import tsx bench/peers/export.ts [streams] [seed] | python bench/peers/compare.py
 */
const [streams = 10, seed = 1] = process.argv.slice(2).map(Number);
const baselineDays = 28;
const quietDays = 60;

for (const world of ["iid", "real"] as const) {
  for (let at = 0; at < streams; at++) {
    print(world, seed + at, null);
    for (const one of delayCases.filter(({ name }) => /^rate (2|1 →|10)/.test(name)))
      print(world, seed + at, one);
  }
}

function print(world: World, own: number, one: (typeof delayCases)[number] | null): void {
  const id = one?.source ?? "null_rate output.field3";
  const only = sources.filter(({ kind, field }) => `${kind} ${field}` === id);
  const simulation = simulate(world, 480, own, only, 1);
  const onsetMs = one === null ? Infinity : epochMs + (baselineDays + 5) * dayMs + 11 * hourMs;
  const endMs = one === null ? epochMs + (baselineDays + quietDays) * dayMs : onsetMs + 22 * dayMs;
  const changes = one === null ? undefined : new Map([[one.source, one.change]]);
  const counts: [number, number][] = [];
  for (let nowMs = epochMs; nowMs < endMs; nowMs += 3 * minuteMs) {
    const [bucket] = simulation.buckets(nowMs, 3 * minuteMs, nowMs >= onsetMs ? changes : undefined);
    counts.push([(bucket?.counts.value ?? 0) + (bucket?.counts.empty ?? 0), bucket?.counts.empty ?? 0]);
  }
  const index = (atMs: number): number => (atMs - epochMs) / (3 * minuteMs);
  const onset = one === null ? null : index(onsetMs);
  const start = index(epochMs + baselineDays * dayMs);
  console.log(JSON.stringify({ world, name: one?.name ?? "quiet", start, onset, counts }));
}
