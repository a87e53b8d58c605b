import { describe, expect, it } from "vitest";
import type { CanaryAnswer, CanaryCase, CanaryRound } from "../../../src/model/canary.ts";
import { dayMs } from "../../../src/model/clock.ts";
import { canaryVerdicts, gatherRound, modelChange, pinRound } from "../../../src/watch/canary-round.ts";

const frozen = (index: number, more: Partial<CanaryCase> = {}): CanaryCase => ({
  workflow: "w",
  caseId: `c${index}`,
  inputs: { index },
  pinned: { outputs: { category: "it" }, model: "m1", isGiven: false },
  noise: { "output.category": { compared: 4, differed: 0 }, model: { compared: 4, differed: 0 } },
  frozenAtMs: 0,
  ...more,
});
const cases = (count: number, more: Partial<CanaryCase> = {}) =>
  Array.from({ length: count }, (_, index) => frozen(index, more));

/** Three answers to each case. */
const answersTo = (all: readonly CanaryCase[], more: Partial<CanaryAnswer> = {}): CanaryAnswer[] =>
  all.flatMap(({ caseId }) =>
    [0, 1, 2].map((turn) => ({
      caseId,
      runId: `${caseId}/${turn}`,
      outputs: { category: "it" },
      error: "",
      model: "m1",
      fingerprint: "",
      version: "v1",
      ...more,
    })),
  );
const context = { workflow: "w", roundId: "r", nowMs: dayMs, alpha: 1e-4, rules: {}, before: undefined };
const judge = (all: readonly CanaryCase[], more: Partial<CanaryAnswer>, before?: CanaryRound) =>
  gatherRound({ ...context, before }, all, answersTo(all, more));
const differing = (round: CanaryRound) =>
  round.fields.filter(({ verdict }) => verdict === "differs").map(({ field }) => field);

describe("gatherRound()", () => {
  const all = cases(10);
  const rounds: { why: string; answer: Partial<CanaryAnswer>; fields: string[] }[] = [
    { why: "the same answers", answer: {}, fields: [] },
    { why: "another value", answer: { outputs: { category: "rent" } }, fields: ["output.category"] },
    {
      why: "a member that no answer had before",
      answer: { outputs: { category: "it", extra: 1 } },
      fields: ["output.extra"],
    },
    {
      why: "a failure, which differs in everything",
      answer: { outputs: null, error: "E: no" },
      fields: ["output.category"],
    },
    { why: "another model that answers the same", answer: { model: "m2" }, fields: ["model"] },
    { why: "a model that does not say its name", answer: { model: "" }, fields: [] },
  ];
  it.each(rounds)("finds what differs: $why", ({ answer, fields }) => {
    expect(differing(judge(all, answer))).toEqual(fields);
  });

  it("compares only what a person's answer names", () => {
    const given = cases(10, { pinned: { outputs: { category: "it" }, model: "", isGiven: true } });
    expect(differing(judge(given, { outputs: { category: "it", extra: 1 } }))).toEqual([]);
  });

  it("judges nothing before noise was learned, and says so", () => {
    expect(judge(cases(10, { noise: {} }), { outputs: { category: "rent" } }).outcome).toBe("pinned");
    expect(judge(cases(1), { outputs: { category: "rent" } }).outcome).toBe("not enough");
  });

  it("keeps since when it differs, round after round", () => {
    const first = judge(all, { model: "m2" });
    const second = gatherRound(
      { ...context, nowMs: 2 * dayMs, before: first },
      all,
      answersTo(all, { model: "m2" }),
    );
    expect([second.differsSinceMs, second.normalAtMs]).toEqual([dayMs, first.normalAtMs]);
  });
});

describe("pinRound()", () => {
  it("pins the first answer that did not fail, and learns noise from the others", () => {
    const [one] = cases(1, { pinned: null, noise: {} });
    if (one === undefined) throw new Error("no case");
    const [a, b, c] = answersTo([one]);
    if (a === undefined || b === undefined || c === undefined) throw new Error("no answers");
    const given = [{ ...a, error: "E" }, { ...b, outputs: { category: "x" } }, c];
    const [pinned] = pinRound([one], given, {});
    expect(pinned?.pinned).toEqual({ outputs: { category: "x" }, model: "m1", isGiven: false });
    expect(pinned?.noise["output.category"]).toEqual({ compared: 2, differed: 2 });
  });

  it("learns no more once it has seen enough, so that a slow change is not learned as noise", () => {
    let all = cases(1);
    for (let round = 0; round < 40; round += 1) all = pinRound(all, answersTo(all), {});
    expect(all[0]?.noise["output.category"]?.compared).toBeLessThanOrEqual(63);
  });

  it("leaves an input that every answer failed as it was", () => {
    const [one] = cases(1, { pinned: null, noise: {} });
    if (one === undefined) throw new Error("no case");
    expect(pinRound([one], answersTo([one], { error: "E" }), {})).toEqual([one]);
  });
});

describe("modelChange()", () => {
  const before = judge(cases(1), {});
  it("is a change event of the model behind the same version", () => {
    expect(modelChange(judge(cases(1), { model: "m2" }), before)).toMatchObject({
      what: "model_resolved",
      before: "m1",
      after: "m2",
      versionBefore: "v1",
      versionAfter: "v1",
      afterMs: before.atMs,
    });
  });

  it("is none for the same model, or the first round", () => {
    expect(modelChange(judge(cases(1), {}), before)).toBeNull();
    expect(modelChange(judge(cases(1), { model: "m2" }), undefined)).toBeNull();
  });
});

describe("canaryVerdicts()", () => {
  const round = judge(cases(10), { model: "m2" });

  it("stand beside those of the detectors: drift from the last normal round on, stable for the others", () => {
    const verdicts = canaryVerdicts({ ...round, normalAtMs: 0 }, dayMs);
    expect(verdicts.map(({ signal, verdict }) => [signal.field, verdict.kind])).toEqual([
      ["output.category", "stable"],
      ["model", "drift"],
    ]);
    expect(verdicts[1]?.verdict).toMatchObject({
      baseline: { value: 0, runs: 40 },
      current: { value: 1, runs: 30 },
      onset: { atMs: dayMs, earliestMs: 0, latestMs: dayMs },
    });
  });

  it("say nothing of an old round, nor of one that is meant to differ", () => {
    expect(canaryVerdicts(round, dayMs * 10)).toEqual([]);
    expect(canaryVerdicts({ ...round, isMeant: true }, dayMs)).toEqual([]);
    expect(canaryVerdicts(undefined, dayMs)).toEqual([]);
  });
});
