import { describe, expect, it } from "vitest";
import { createRandom } from "../../../bench/detection/random.ts";
import type { WorkflowBaseline } from "../../../src/detectors/baseline.ts";
import { addRuns, knownAge, runsBetween } from "../../../src/detectors/cohorts.ts";
import { explain } from "../../../src/detectors/explain.ts";
import { isOneSided, labelsPerRun } from "../../../src/detectors/hazard.ts";
import { learnBaseline } from "../../../src/detectors/learn.ts";
import { startState, type WorkflowState } from "../../../src/detectors/state.ts";
import { step } from "../../../src/detectors/step.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import type { SignalBucket } from "../../../src/model/signal.ts";
import type { SignalVerdict } from "../../../src/model/verdict.ts";
import { startMs } from "./fixture.ts";

const baselineDays = 28;
const onsetDay = 38;
const matureDays = 8;

/** Twenty runs an hour; a share of them is disputed, three days later on average, and nobody says which are not. */
function disputes(share: number, days: number, { held = [Infinity, 0], seed = 1 } = {}): SignalBucket[] {
  const random = createRandom(seed, 32);
  const labels = new Map<number, Record<string, number>>();
  const mature = new Map<number, number>();
  for (let hour = 0; hour < days * 24; hour++) {
    for (let run = 0; run < 20; run++) {
      if (random.uniform() >= (hour < onsetDay * 24 ? 0.02 : share)) continue;
      const ranAt = hour + random.uniform();
      let cameAt = ranAt - 72 * Math.log(1 - random.uniform());
      if (cameAt < ranAt + matureDays * 24) mature.set(hour, (mature.get(hour) ?? 0) + 1);
      const [from = Infinity, to = 0] = held;
      if (cameAt >= from * 24 && cameAt < to * 24) cameAt = to * 24 + 8 * random.uniform();
      const counts = labels.get(Math.floor(cameAt)) ?? {};
      const bin = `yes@${Math.floor((cameAt - ranAt) / 24)}`;
      labels.set(Math.floor(cameAt), { ...counts, [bin]: (counts[bin] ?? 0) + 1 });
    }
  }
  const hours = Array.from({ length: days * 24 }, (_, hour) => hour);
  const at = (hour: number) => ({ workflow: "invoices", startMs: startMs + hour * hourMs });
  return [
    ...hours.map((hour) => ({ ...at(hour), kind: "volume" as const, field: "", counts: { run: 20 } })),
    ...[...labels].map(([hour, counts]) => ({
      ...at(hour),
      kind: "outcome" as const,
      field: "invoice_disputed",
      counts,
    })),
    // What one knows who waits until nearly all disputes have come.
    ...hours.slice(matureDays * 24).map((hour) => {
      const yes = mature.get(hour - matureDays * 24) ?? 0;
      return { ...at(hour), kind: "errors" as const, field: "", counts: { no: 20 - yes, yes } };
    }),
  ].filter((bucket) => bucket.startMs < startMs + days * dayMs);
}

function learn(history: readonly SignalBucket[], days = baselineDays): WorkflowBaseline {
  const span = { fromMs: startMs, toMs: startMs + days * dayMs };
  return learnBaseline(
    history.filter((bucket) => bucket.startMs < span.toMs),
    span,
  );
}

/** Reads day by day. Answers the first verdict of each signal that drifts. */
function watch(
  history: readonly SignalBucket[],
  days: number,
): { found: Map<string, SignalVerdict>; state: WorkflowState } {
  const baseline = learn(history);
  let state = startState(baseline);
  const found = new Map<string, SignalVerdict>();
  for (let day = baselineDays; day < days; day += 0.25) {
    const fromMs = startMs + day * dayMs;
    const throughMs = fromMs + dayMs / 4;
    const fresh = history.filter((bucket) => bucket.startMs >= fromMs && bucket.startMs < throughMs);
    const next = step(baseline, state, fresh, { throughMs, bucketMs: hourMs });
    state = next.state;
    for (const one of next.verdicts) {
      if (one.verdict.kind === "drift" && !found.has(one.signal.kind)) found.set(one.signal.kind, one);
    }
  }
  return { found, state };
}

describe("a delayed label of which nobody says no", () => {
  const sides: { why: string; counts: Record<string, number>; isIt: boolean }[] = [
    { why: "only yes", counts: { "yes@0": 5, "yes@9": 1 }, isIt: true },
    { why: "both", counts: { "yes@0": 5, "no@9": 1 }, isIt: false },
    { why: "only no", counts: { "no@0": 5 }, isIt: false },
    { why: "numbers", counts: { "#1234": 5 }, isIt: false },
  ];
  it.each(sides)("isOneSided() looks at both sides: $why", ({ counts, isIt }) => {
    expect(isOneSided("outcome", new Map(Object.entries(counts)))).toBe(isIt);
  });

  it("learnBaseline() counts labels by age among the runs that have reached it", () => {
    const signal = learn(disputes(0.02, baselineDays)).signals.find(({ kind }) => kind === "outcome");
    const layout = signal?.layout;
    if (layout?.shape !== "hazard") throw new Error("no hazard");
    const byClass = labelsPerRun(layout, signal?.shares ?? []);
    // An exponential delay of three days: 28 % of the labels come within a day, 93 % within eight.
    expect((byClass[0] ?? 0) / 0.02).toBeGreaterThan(0.2);
    expect((byClass[0] ?? 0) / 0.02).toBeLessThan(0.37);
    const whole = byClass.reduce((sum, labels) => sum + labels, 0);
    expect(whole).toBeGreaterThan(0.017);
    expect(whole).toBeLessThan(0.024);
  });

  it("learnBaseline() takes it for a rate among labels where the runs or a day and a half of them are missing", () => {
    const history = disputes(0.02, 3);
    const shape = (buckets: SignalBucket[], days: number) =>
      learnBaseline(buckets, {
        labelsMin: 1,
        fromMs: startMs,
        toMs: startMs + days * dayMs,
      }).signals.find(({ kind }) => kind === "outcome")?.layout.shape;
    expect(shape(history, 3)).toBe("hazard");
    expect(shape(history, 1)).toBe("rate");
    expect(
      shape(
        history.filter(({ kind }) => kind !== "volume"),
        3,
      ),
    ).toBe("rate");
  });

  it("learnBaseline() holds labels of runs that were never counted against each other", () => {
    const uncounted = disputes(0.02, 20).map((bucket) =>
      bucket.kind === "volume" ? { ...bucket, counts: { run: 0 } } : bucket,
    );
    const { signals } = learn(uncounted, 20);
    expect(signals.find(({ kind }) => kind === "outcome")?.layout.shape).toBe("rate");
  });

  it("step() finds a rise in less than half the time of waiting until the labels are in", () => {
    const { found, state } = watch(disputes(0.1, 60), 60);
    const delayOf = (kind: string) => (found.get(kind)?.atMs ?? Infinity) - (startMs + onsetDay * dayMs);
    expect(delayOf("outcome")).toBeGreaterThan(0);
    expect(delayOf("outcome")).toBeLessThan(delayOf("errors") / 2);
    const said = [...found.values()].map(explain).join();
    expect(said).toMatch(
      /`invoice_disputed` came true within \d+ days? in .* of runs; since .* it comes true within/,
    );
    const signal = state.signals["invoices outcome invoice_disputed"];
    expect(JSON.stringify(signal).length).toBeLessThan(4096);
  });

  it("step() takes neither the absence of late labels nor their coming all at once for a change", () => {
    // How many labels were held back is chance, so one of eight may look like a change.
    const found = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((seed) => [
      ...watch(disputes(0.02, 50, { held: [40, 43], seed }), 50).found.values(),
    ]);
    expect(found.length, found.map(explain).join()).toBeLessThanOrEqual(1);
  });

  it("step() finds that labels stopped once they are overdue", () => {
    const { found } = watch(disputes(0, 60), 60);
    const verdict = found.get("outcome");
    expect(verdict?.verdict).toMatchObject({ kind: "drift", direction: "down" });
    expect(verdict?.atMs).toBeGreaterThan(startMs + (onsetDay + 3) * dayMs);
  });

  it("step() answers the same however the minutes are spread over calls", () => {
    const history = disputes(0.07, 42);
    const baseline = learn(history);
    const rest = history.filter((bucket) => bucket.startMs >= baseline.toMs);
    const throughMs = startMs + 42 * dayMs;
    const atOnce = step(baseline, startState(baseline), rest, { throughMs, bucketMs: hourMs }).state;
    let state = startState(baseline);
    for (let atMs = baseline.toMs; atMs < throughMs; atMs += 5 * hourMs) {
      const toMs = Math.min(atMs + 5 * hourMs, throughMs);
      const some = rest.filter((bucket) => bucket.startMs >= atMs && bucket.startMs < toMs);
      const saved = JSON.parse(JSON.stringify(state)) as WorkflowState;
      state = step(baseline, saved, some, { throughMs: toMs, bucketMs: hourMs }).state;
    }
    expect(JSON.parse(JSON.stringify(state))).toEqual(JSON.parse(JSON.stringify(atOnce)));
  });
});

describe("cohorts", () => {
  it("runsBetween() cuts hours by their share and knows nothing before the first", () => {
    let cohorts = addRuns({ fromMs: 0, runs: [] }, 0, 10);
    cohorts = addRuns(cohorts, 2 * hourMs, 40);
    expect(runsBetween(cohorts, -hourMs, hourMs / 2)).toBe(5);
    expect(runsBetween(cohorts, 0, 5 * hourMs)).toBe(50);
    expect(runsBetween(cohorts, 2.75 * hourMs, 9 * hourMs)).toBe(10);
  });

  it("addRuns() forgets runs that no label can speak of, and says so by its start", () => {
    let cohorts = addRuns({ fromMs: 0, runs: [] }, 0, 10);
    cohorts = addRuns(cohorts, 90 * dayMs, 1);
    expect(cohorts.runs.length).toBeLessThan(34 * 24);
    expect(knownAge(cohorts, 90 * dayMs)).toBe(31);
    expect(knownAge({ fromMs: 0, runs: [] }, dayMs - 1)).toBe(-1);
  });
});
