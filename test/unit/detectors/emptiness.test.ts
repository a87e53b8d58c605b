import { expect, it } from "vitest";
import { explain } from "../../../src/detectors/explain.ts";
import { learnBaseline } from "../../../src/detectors/learn.ts";
import { startState } from "../../../src/detectors/state.ts";
import { step } from "../../../src/detectors/step.ts";
import { hourMs } from "../../../src/model/clock.ts";
import { numberBin, type SignalBucket, type SignalKind } from "../../../src/model/signal.ts";
import { startMs } from "./fixture.ts";

const learnedHours = 14 * 24;
const perHour = 20;

/** Hours of one signal; `emptyFrom` on, every value is empty. */
function field(
  kind: SignalKind,
  usual: readonly string[],
  empty: string,
  hours: number,
  emptyFrom = Infinity,
) {
  return Array.from(
    { length: hours },
    (_, hour): SignalBucket => ({
      workflow: "invoices",
      kind,
      field: "output.net_amount",
      startMs: startMs + hour * hourMs,
      counts:
        hour >= emptyFrom
          ? { [empty]: perHour }
          : Object.fromEntries(usual.map((bin) => [bin, perHour / usual.length])),
    }),
  );
}

const numbers = [10, 20, 30, 40].map((value) => numberBin(value) ?? "");
const cases: { why: string; kind: SignalKind; usual: string[]; empty: string }[] = [
  { why: "null", kind: "null_rate", usual: ["value"], empty: "null" },
  { why: "missing", kind: "null_rate", usual: ["value"], empty: "missing" },
  { why: "placeholder", kind: "null_rate", usual: ["value"], empty: "placeholder" },
  { why: "a category", kind: "output_distribution", usual: ["=a", "=b"], empty: "empty" },
  { why: "a category of one value", kind: "output_distribution", usual: ["=a"], empty: "empty" },
  { why: "a number", kind: "output_distribution", usual: numbers, empty: "empty" },
  { why: "a type", kind: "type", usual: ["number"], empty: "null" },
];
it.each(cases)("step() tells of a field that goes empty as empty: $why", ({ kind, usual, empty }) => {
  const baseline = learnBaseline(field(kind, usual, empty, learnedHours));
  const hours = field(kind, usual, empty, learnedHours + 6, learnedHours + 2).slice(learnedHours);
  const throughMs = startMs + (learnedHours + 6) * hourMs;
  const { verdicts } = step(baseline, startState(baseline), hours, { throughMs, bucketMs: hourMs });
  expect(verdicts.map((one) => one.verdict.kind)).toEqual(["drift"]);
  expect(verdicts.map(explain).join()).toMatch(/`output.net_amount` was empty in .* it is empty in 100 %/);
});
