import { judgeCanary, type Stratum } from "../detectors/judge-canary.ts";
import { wilsonInterval } from "../model/wilson-interval.ts";
import { derivedId } from "../incidents/ids.ts";
import type { CanaryAnswer, CanaryCase, CanaryField, CanaryRound, Comparisons } from "../model/canary.ts";
import { dayMs } from "../model/clock.ts";
import { type CompareRules, compareOutputs } from "../model/compare-outputs.ts";
import type { ChangeEvent } from "../model/incident.ts";
import type { Figure, SignalVerdict } from "../model/verdict.ts";

/** The field that stands for the model that answered. */
const modelField = "model";
/** Noise is learned from so many answers to each input; a slow change must not be learned as noise. */
const noiseMax = 60;
const caseIdsMax = 5;
/** An older round says nothing of the present. */
const verdictAgeMs = 8 * dayMs;
/** The chance of a false alarm is this much smaller where a workflow is to be stopped. */
const pauseEvidence = 1.5;
/** A share that differs by so much more is one unit of effect. */
const effectUnit = 0.05;

interface RoundContext {
  workflow: string;
  roundId: string;
  nowMs: number;
  /** Chance of a false alarm that the whole round may take. */
  alpha: number;
  rules: CompareRules;
  before: CanaryRound | undefined;
}

/** Compares a round's answers with the pinned ones, field by field, against what answers differ by themselves. */
export function gatherRound(
  { workflow, roundId, nowMs, alpha, rules, before }: RoundContext,
  cases: readonly CanaryCase[],
  answers: readonly CanaryAnswer[],
): CanaryRound {
  const strata = new Map<string, { stratum: Stratum; caseId: string }[]>();
  for (const one of cases) {
    const own = answers.filter(({ caseId }) => caseId === one.caseId);
    // Without noise that was learned there is nothing to judge against: this round is the one that teaches it.
    if (one.pinned === null || Object.keys(one.noise).length === 0) continue;
    for (const [field, now] of compareAll(one, own, rules)) {
      const usual = usualOf(one, field);
      const found = strata.get(field) ?? [];
      strata.set(field, [...found, { stratum: { usual, now }, caseId: one.caseId }]);
    }
  }
  const fields = [...strata].map(([field, found]) => judgeField(field, found, alpha / strata.size));
  const outcome = outcomeOf(fields);
  const differedBefore = before?.outcome === "differs";
  return {
    roundId,
    workflow,
    atMs: nowMs,
    outcome,
    answers: answers.length,
    failed: answers.filter(({ error }) => error !== "").length,
    fields,
    version: answers[0]?.version ?? "",
    models: distinct(answers.map(({ model }) => model)),
    fingerprints: distinct(answers.map(({ fingerprint }) => fingerprint)),
    normalAtMs: (differedBefore ? before.normalAtMs : before?.atMs) ?? nowMs,
    isMeant: false,
    differsSinceMs: outcome !== "differs" ? null : ((differedBefore ? before.differsSinceMs : null) ?? nowMs),
  };
}

function judgeField(
  field: string,
  found: readonly { stratum: Stratum; caseId: string }[],
  alpha: number,
): CanaryField {
  const { pValue, verdict } = judgeCanary(
    found.map(({ stratum }) => stratum),
    alpha,
  );
  return {
    field,
    now: sumOf(found.map(({ stratum }) => stratum.now)),
    usual: sumOf(found.map(({ stratum }) => stratum.usual)),
    pValue,
    evidence: Math.min(100, Math.log(Math.max(pValue, 1e-300)) / Math.log(alpha)),
    verdict,
    caseIds: found
      .filter(({ stratum }) => stratum.now.differed > 0)
      .map(({ caseId }) => caseId)
      .slice(0, caseIdsMax),
  };
}

function outcomeOf(fields: readonly CanaryField[]): CanaryRound["outcome"] {
  if (fields.length === 0) return "pinned";
  if (fields.some(({ verdict }) => verdict === "differs")) return "differs";
  return fields.some(({ verdict }) => verdict === "same") ? "same" : "not enough";
}

/** Pins what is not pinned yet, and learns from a normal round how much answers differ by themselves. */
export function pinRound(
  cases: readonly CanaryCase[],
  answers: readonly CanaryAnswer[],
  rules: CompareRules,
): CanaryCase[] {
  return cases.map((one) => {
    const own = answers.filter(({ caseId }) => caseId === one.caseId);
    const first = own.find(({ error }) => error === "");
    if (first === undefined) return one;
    const pinned = one.pinned ?? { outputs: first.outputs, model: first.model, isGiven: false };
    const named = pinned.model === "" ? { ...pinned, model: first.model } : pinned;
    // The answer that was pinned agrees with itself, which says nothing of noise.
    const rest = one.pinned === null ? own.filter((answer) => answer !== first) : own;
    const noise = { ...one.noise };
    for (const [field, now] of compareAll({ ...one, pinned: named }, rest, rules)) {
      const known = usualOf(one, field);
      if (known.compared < noiseMax) noise[field] = sumOf([known, now]);
    }
    return { ...one, pinned: named, noise };
  });
}

/** What is known of a field's noise. One that no answer has shown so far agreed in all of them. */
function usualOf({ noise }: CanaryCase, field: string): Comparisons {
  const learned = Math.max(0, ...Object.values(noise).map(({ compared }) => compared));
  return noise[field] ?? { compared: learned, differed: 0 };
}

/** Counts by field over all answers to one input. An answer that failed differs in everything. */
function compareAll(
  { pinned }: CanaryCase,
  answers: readonly CanaryAnswer[],
  rules: CompareRules,
): Map<string, Comparisons> {
  const counts = new Map<string, Comparisons>();
  if (pinned === null) return counts;
  for (const { outputs, model, error } of answers) {
    const fields = compareOutputs(pinned.outputs, error === "" ? outputs : null, {
      rules,
      isPartial: pinned.isGiven,
    });
    if (pinned.model !== "" && model !== "") fields.set(modelField, model !== pinned.model);
    for (const [field, differs] of fields) {
      const known = counts.get(field) ?? { compared: 0, differed: 0 };
      counts.set(field, sumOf([known, { compared: 1, differed: differs ? 1 : 0 }]));
    }
  }
  return counts;
}

/** The change event of a provider that answers with another model than in the round before; null where it does not. */
export function modelChange(round: CanaryRound, before: CanaryRound | undefined): ChangeEvent | null {
  const { workflow, atMs, version, models } = round;
  const after = models.find((model) => before?.models.includes(model) === false);
  const was = before?.models[0];
  if (before === undefined || after === undefined || was === undefined) return null;
  return {
    changeId: derivedId("chg", workflow, "model_resolved", was, after, atMs),
    workflow,
    atMs,
    afterMs: before.atMs,
    what: "model_resolved",
    before: was,
    after,
    versionBefore: before.version,
    versionAfter: version,
    diff: "",
  };
}

/** What the latest round says, as verdicts beside those of the detectors; none where it says nothing of the present. */
export function canaryVerdicts(round: CanaryRound | undefined, nowMs: number): SignalVerdict[] {
  if (round === undefined || round.isMeant || nowMs - round.atMs > verdictAgeMs) return [];
  const { workflow, atMs, normalAtMs, differsSinceMs } = round;
  return round.fields.flatMap(({ field, now, usual, evidence, verdict }): SignalVerdict[] => {
    if (verdict === "not enough") return [];
    const figures = {
      evidence,
      unit: "share" as const,
      of: "",
      baseline: figureOf(usual),
      current: figureOf(now),
    };
    const signal = { workflow, kind: "canary_delta" as const, field };
    if (verdict === "same") return [{ signal, atMs, verdict: { kind: "stable", ...figures } }];
    const sinceMs = differsSinceMs ?? atMs;
    const onset = { atMs: sinceMs, earliestMs: Math.min(normalAtMs, sinceMs), latestMs: sinceMs };
    const effect = Math.max(1, (figures.current.value - figures.baseline.value) / effectUnit);
    const pause = evidence >= pauseEvidence;
    return [{ signal, atMs, verdict: { kind: "drift", direction: "up", ...figures, onset, pause, effect } }];
  });
}

function figureOf({ compared, differed }: Comparisons): Figure {
  const value = compared === 0 ? 0 : differed / compared;
  return { value, ...wilsonInterval(value, compared, 1.96), runs: compared };
}

function sumOf(parts: readonly Comparisons[]): Comparisons {
  return parts.reduce(
    (sum, { compared, differed }) => ({
      compared: sum.compared + compared,
      differed: sum.differed + differed,
    }),
    { compared: 0, differed: 0 },
  );
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name !== "").sort();
}
