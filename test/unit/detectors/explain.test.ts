import { describe, expect, it } from "vitest";
import { explain } from "../../../src/detectors/explain.ts";
import type { SignalKind } from "../../../src/model/signal.ts";
import type { Drift, Unit, Verdict } from "../../../src/model/verdict.ts";

const atMs = Date.UTC(2026, 10, 17, 14, 10);

function drift(
  unit: Unit,
  of: string,
  baseline: number,
  current: [number, number, number],
  runs: number,
): Drift {
  const [value, low, high] = current;
  return {
    kind: "drift",
    evidence: 1.4,
    unit,
    of,
    direction: value > baseline ? "up" : "down",
    baseline: { value: baseline, low: baseline, high: baseline, runs: 9000 },
    current: { value, low, high, runs },
    onset: { atMs, earliestMs: atMs - 20 * 60_000, latestMs: atMs + 10 * 60_000 },
    pause: false,
    effect: 3,
  };
}

function say(kind: SignalKind, field: string, verdict: Verdict): string {
  return explain({ signal: { workflow: "triage", kind, field }, atMs, verdict });
}

describe("explain()", () => {
  it("names field, before, since when, now and the runs it rests on", () => {
    expect(say("null_rate", "output.vendor", drift("share", "", 0.004, [0.31, 0.25, 0.38], 212))).toBe(
      "`output.vendor` was empty in 0.4 % of runs; since Tue 17 Nov 14:10 UTC (± 20 min) it is empty in 31 % (25–38 %) of 212 runs.",
    );
  });

  const cases: { why: string; sentence: string; part: string }[] = [
    {
      why: "a category",
      sentence: say(
        "output_distribution",
        "output.category",
        drift("share", "=travel", 0.3, [0.1, 0.08, 0.13], 400),
      ),
      part: '`output.category` was "travel" in 30 % of runs; since Tue 17 Nov 14:10 UTC (± 20 min) it is "travel" in 10 %',
    },
    {
      why: "a value never seen",
      sentence: say(
        "output_distribution",
        "output.category",
        drift("share", "never seen before", 0, [0.1, 0.08, 0.13], 400),
      ),
      part: "had a value never seen before in 0 % of runs",
    },
    {
      why: "a number, with its unit",
      sentence: say("latency", "", drift("ms", "median", 1800, [2600, 2500, 2700], 300)),
      part: "A run of triage typically took 1800 ms; since Tue 17 Nov 14:10 UTC (± 20 min) it takes 2600 ms (2500–2700) over 300 runs.",
    },
    {
      why: "volume that grew: its figures are not what was counted, but how it compares",
      sentence: say("volume", "", drift("runs/h", "", 20, [50, 40, 60], 5)),
      part: "it brings 2.5 (2–3) times as many as is usual at that time of the week (5 runs since).",
    },
    {
      why: "volume that stopped",
      sentence: say("volume", "", drift("runs/h", "", 20, [0, 0, 2], 0)),
      part: "triage brought 20 runs an hour on average; since Tue 17 Nov 14:10 UTC (± 20 min) it brings none of the runs that are usual at that time of the week (0 runs since).",
    },
    {
      why: "volume where next to none is usual",
      sentence: say("volume", "", drift("runs/h", "", 8.44, [1156484, 1137117, 1175850], 40)),
      part: "it brings more than 100 times as many as is usual at that time of the week (40 runs since).",
    },
    {
      why: "volume that is as usual",
      sentence: say("volume", "", { ...drift("runs/h", "", 20, [21, 18, 24], 500), kind: "stable" }),
      part: "triage is as usual: it brings 1.05 (0.9–1.2) times as many as is usual at that time of the week.",
    },
    {
      why: "reviews",
      sentence: say("override_rate", "", drift("share", "", 0.05, [0.4, 0.3, 0.5], 60)),
      part: "it is corrected in 40 % (30–50 %) of 60 reviewed runs.",
    },
    {
      why: "reviews that are sent only where something was wrong",
      sentence: say("override_rate", "", drift("share", "within 4 days", 0.05, [0.4, 0.3, 0.5], 60)),
      part: "it is corrected within 4 days in 40 % (30–50 %) of 60 runs.",
    },
    {
      why: "a new key",
      sentence: say("type", "output.fresh", drift("share", "", 0.003, [0.5, 0.4, 0.6], 60)),
      part: "`output.fresh` was in none of the baseline's runs; since Tue 17 Nov 14:10 UTC (± 20 min) it is present in 50 %",
    },
    {
      why: "what rests on one run",
      sentence: say("null_rate", "output.a", drift("share", "", 0, [1, 0.2, 1], 1)),
      part: "it is empty in 100 % (20–100 %) of 1 run.",
    },
    {
      why: "the first observation of a new signal",
      sentence: say("errors", "", { kind: "insufficient", runs: 1, runsMin: 1 }),
      part: "its baseline is still being learned, 1 observation so far.",
    },
    {
      why: "too little data, and how much is missing",
      sentence: say("errors", "", { kind: "insufficient", runs: 60, runsMin: 100 }),
      part: "60 of 100 observations so far, 40 more needed.",
    },
  ];
  it.each(cases)("speaks of $why", ({ sentence, part }) => {
    expect(sentence).toContain(part);
  });

  const all: SignalKind[] = ["null_rate", "type", "input_distribution", "output_distribution"];
  const emptiness = all.map((kind) => ({
    kind,
    of: kind === "null_rate" ? "" : kind === "type" ? "null" : "empty",
  }));
  it.each(emptiness)("says that a field went empty by its $kind too", ({ kind, of }) => {
    expect(say(kind, "output.vendor", drift("share", of, 0, [1, 0.98, 1], 232))).toBe(
      "`output.vendor` was empty in 0 % of runs; since Tue 17 Nov 14:10 UTC (± 20 min) it is empty in 100 % (98–100 %) of 232 runs.",
    );
  });

  const shares: { why: string; kind: SignalKind; of: string; before: string; now: string }[] = [
    {
      why: "a value never seen",
      kind: "output_distribution",
      of: "never seen before",
      before: "had a value never seen before in 2 %",
      now: "it has one in 40 %",
    },
    {
      why: "rare values",
      kind: "input_distribution",
      of: "rare values",
      before: "had a rare value in 2 %",
      now: "it has one in 40 %",
    },
    {
      why: "values past the cap",
      kind: "output_distribution",
      of: "other",
      before: "had one of many other values in 2 %",
      now: "it has one in 40 %",
    },
    {
      why: "a type",
      kind: "type",
      of: "number",
      before: "was of type number in 2 %",
      now: "it is of type number",
    },
    {
      why: "a type never seen",
      kind: "type",
      of: "never seen before",
      before: "had a type never seen before in 2 %",
      now: "it has one in 40 %",
    },
    {
      why: "slow runs",
      kind: "latency",
      of: "above 1460",
      before: "took more than 1460 ms in 2 %",
      now: "it takes more than 1460 ms in 40 %",
    },
    {
      why: "long texts",
      kind: "text_length",
      of: "above 30",
      before: "was above 30 characters in 2 %",
      now: "it is above 30 characters in 40 %",
    },
    {
      why: "a number's low tail",
      kind: "output_distribution",
      of: "up to -3.5",
      before: "was up to -3.5 in 2 %",
      now: "it is up to -3.5 in 40 %",
    },
    {
      why: "what is no number",
      kind: "output_distribution",
      of: "no number",
      before: "was no number in 2 %",
      now: "it is no number in 40 %",
    },
  ];
  it.each(shares)("says the same before and now of $why", ({ kind, of, before, now }) => {
    const sentence = say(kind, "output.x", drift("share", of, 0.02, [0.4, 0.3, 0.5], 60));
    expect(sentence).toContain(before);
    expect(sentence).toContain(now);
  });

  const named = [
    {
      why: "values never seen",
      of: "never seen before",
      bins: ["=es", "=€"],
      now: 'has one (such as "es", "€") in 40 %',
    },
    { why: "rare values", of: "rare values", bins: ["=x"], now: 'has one (such as "x") in 40 %' },
    { why: "no value where none is known", of: "never seen before", bins: [], now: "has one in 40 %" },
    { why: "no value beside one that is the figure's own", of: "=es", bins: ["=es"], now: 'is "es" in 40 %' },
  ];
  it.each(named)("names $why", ({ of, bins, now }) => {
    const verdict = drift("share", of, 0.02, [0.4, 0.3, 0.5], 60);
    const signal = { workflow: "triage", kind: "output_distribution" as const, field: "output.x" };
    expect(explain({ signal, atMs, verdict, bins })).toContain(now);
  });

  it("names no value where those came less often", () => {
    const verdict = drift("share", "rare values", 0.4, [0.02, 0.01, 0.03], 60);
    const signal = { workflow: "triage", kind: "output_distribution" as const, field: "output.x" };
    expect(explain({ signal, atMs, verdict, bins: ["=en"] })).toContain("has one in 2 %");
  });

  it("says that a stable signal is as usual", () => {
    const { baseline, current, evidence, unit, of } = drift("share", "", 0.02, [0.021, 0.01, 0.03], 480);
    expect(say("null_rate", "output.vendor", { kind: "stable", evidence, unit, of, baseline, current })).toBe(
      "`output.vendor` is as usual: 2.1 % against 2 % in the baseline.",
    );
  });
});
