import { dayMs } from "../../model/clock.ts";
import { type SignalBucket, signalId, type SignalKind } from "../../model/signal.ts";
import type { Unit } from "../../model/verdict.ts";
import { wilsonInterval } from "../../model/wilson-interval.ts";
import { type OutcomeCohort, readOutcomeAges, readOutcomeCohorts } from "../../store/queries-practice.ts";
import type { WebDeps } from "../ports.ts";
import { guessMeasure, measureCounts } from "./series.ts";

/** What came of the runs of one span, under one name. */
export interface CohortFigure {
  startMs: number;
  /** Runs of the span, and those of them whose outcome is known. */
  runs: number;
  known: number;
  /** A share for yes or no, a mean for numbers; null where nothing is known. */
  value: number | null;
  low: number;
  high: number;
  /** More outcomes of these runs are to be expected. */
  isOpen: boolean;
}

/** One outcome over time. */
export interface OutcomeLine {
  name: string;
  unit: Extract<Unit, "share" | "number">;
  /** What a share is of: `known` outcomes, or all `runs` where only one answer is ever told. */
  of: "known" | "runs";
  /** Days after which nine of ten are known. */
  knownAfterDays: number;
  cohorts: CohortFigure[];
}

/** A technical signal over the same spans. */
export interface SignalLine {
  kind: SignalKind;
  unit: Unit;
  values: (number | null)[];
}

/** Outcomes beside the technical signals, by the week in which the runs arrived; oldest first. */
export interface OutcomesBoard {
  workflow: string;
  stepMs: number;
  startsMs: number[];
  outcomes: OutcomeLine[];
  signals: SignalLine[];
}

const shownKinds = ["volume", "errors", "override_rate", "contract", "latency", "cost"] as const;

/** Gathers what came of a workflow's live runs. @param days width of a cohort. @param count of cohorts. */
export async function buildOutcomes(
  { store, clock }: WebDeps,
  workflow: string,
  { days, count }: { days: number; count: number },
): Promise<OutcomesBoard> {
  const stepMs = days * dayMs;
  const nowMs = clock.nowMs();
  const toMs = (Math.floor(nowMs / stepMs) + 1) * stepMs;
  const span = { workflow, fromMs: toMs - count * stepMs, toMs, stepMs };
  const startsMs = Array.from({ length: count }, (_, index) => span.fromMs + index * stepMs);
  const [cohorts, ages, buckets] = await Promise.all([
    readOutcomeCohorts(store, span),
    readOutcomeAges(store, span),
    store.reads("page").readBuckets({ ...span, kinds: [...shownKinds], field: "" }),
  ]);
  const runsOf = new Map(
    buckets.filter(({ kind }) => kind === "volume").map(({ startMs, counts }) => [startMs, counts.run ?? 0]),
  );
  const names = [...new Set(cohorts.map(({ name }) => name))];
  const outcomes = names.map((name) => {
    const own = cohorts.filter((cohort) => cohort.name === name);
    const knownAfterDays = ages.get(name) ?? 0;
    return toLine(name, own, { startsMs, runsOf, knownAfterDays, stepMs, nowMs });
  });
  return { workflow, stepMs, startsMs, outcomes, signals: toSignals(buckets, startsMs, stepMs) };
}

function toLine(
  name: string,
  own: readonly OutcomeCohort[],
  context: {
    startsMs: readonly number[];
    runsOf: ReadonlyMap<number, number>;
    knownAfterDays: number;
    stepMs: number;
    nowMs: number;
  },
): OutcomeLine {
  const { startsMs, runsOf, knownAfterDays, stepMs, nowMs } = context;
  const sum = (of: "yes" | "no" | "numbers") => own.reduce((total, cohort) => total + cohort[of], 0);
  const unit = sum("numbers") > sum("yes") + sum("no") ? "number" : "share";
  // Where nobody ever says no, silence means no.
  const of = unit === "share" && sum("no") === 0 ? "runs" : "known";
  const cohorts = startsMs.map((startMs): CohortFigure => {
    const cohort = own.find((one) => one.startMs === startMs);
    const runs = runsOf.get(startMs) ?? 0;
    const isOpen = startMs + stepMs + knownAfterDays * dayMs > nowMs;
    const known = unit === "number" ? (cohort?.numbers ?? 0) : (cohort?.yes ?? 0) + (cohort?.no ?? 0);
    return { startMs, runs, known, isOpen, ...figureOf(cohort, unit, of === "runs" ? runs : known) };
  });
  return { name, unit, of, knownAfterDays, cohorts };
}

function figureOf(
  cohort: OutcomeCohort | undefined,
  unit: OutcomeLine["unit"],
  base: number,
): Pick<CohortFigure, "value" | "low" | "high"> {
  if (unit === "share") {
    const n = Math.max(base, cohort?.yes ?? 0);
    if (n === 0) return { value: null, low: 0, high: 0 };
    const value = (cohort?.yes ?? 0) / n;
    return { value, ...wilsonInterval(value, n, 1.96) };
  }
  const value = cohort?.mean ?? null;
  if (cohort === undefined || value === null) return { value: null, low: 0, high: 0 };
  const error = (1.96 * cohort.deviation) / Math.sqrt(cohort.numbers);
  return { value, low: value - error, high: value + error };
}

function toSignals(
  buckets: readonly SignalBucket[],
  startsMs: readonly number[],
  stepMs: number,
): SignalLine[] {
  return shownKinds.flatMap((kind): SignalLine[] => {
    const own = buckets.filter((bucket) => bucket.kind === kind);
    const [first] = own;
    if (first === undefined) return [];
    const measure = guessMeasure(first, own);
    const values = startsMs.map((startMs) => {
      const id = signalId(first);
      const bucket = own.find((one) => one.startMs === startMs && signalId(one) === id);
      return bucket === undefined ? null : measureCounts(bucket, measure, stepMs);
    });
    return [{ kind, unit: measure.unit, values }];
  });
}
