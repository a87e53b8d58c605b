import type { Journal } from "../journal/port.ts";
import { dayMs } from "../model/clock.ts";
import { type DataMap, type NamedSource, unmappedSources } from "../model/data-map.ts";
import type { ChangeEvent, Incident } from "../model/incident.ts";
import { readNamedSources } from "../store/queries-data-map.ts";
import type { Span, Store } from "../store/port.ts";
import {
  countRunsOf,
  type FailureCause,
  readCorrectedFields,
  readFailureCauses,
  readReviewReasons,
  readReviewTotals,
  readRunTotals,
  type ReviewTotals,
  type RunTotals,
} from "../store/queries-report.ts";
import { readAgreement } from "../store/queries-review.ts";

/** Everything that the weekly report tells. */
export interface ReportFigures extends Span {
  workflow: string;
  owner: string;
  now: RunTotals;
  /** The span of the same length before. */
  before: RunTotals;
  /** Runs that the four spans before would lead one to expect; null without history. */
  runsExpected: number | null;
  failures: FailureCause[];
  reviews: ReviewTotals;
  reviewsBefore: ReviewTotals;
  reasons: FailureCause[];
  corrected: { field: string; corrected: number; reviewed: number }[];
  agreement: { runs: number; agreed: number };
  incidents: Incident[];
  changes: ChangeEvent[];
  dataMap: DataMap;
  /** Sources that steps name and the data map does not. */
  unmapped: NamedSource[];
}

/** Gathers a workflow's report over a span of time. */
export async function gatherReport(
  { store, journal }: { store: Pick<Store, "query">; journal: Pick<Journal, "incidents" | "changes"> },
  { workflow, owner, dataMap, fromMs, toMs }: Span & { workflow: string; owner: string; dataMap: DataMap },
): Promise<ReportFigures> {
  const lengthMs = toMs - fromMs;
  const of = { workflow, fromMs, toMs };
  const earlier = { workflow, fromMs: fromMs - lengthMs, toMs: fromMs };
  const history = { workflow, fromMs: fromMs - 4 * lengthMs, toMs: fromMs };
  const runsInHistory = await countRunsOf(store, history);
  return {
    ...of,
    owner,
    dataMap,
    unmapped: unmappedSources(dataMap, await readNamedSources(store, of)),
    now: await readRunTotals(store, of),
    before: await readRunTotals(store, earlier),
    runsExpected: runsInHistory === 0 ? null : runsInHistory / 4,
    failures: await readFailureCauses(store, of),
    reviews: await readReviewTotals(store, of),
    reviewsBefore: await readReviewTotals(store, earlier),
    reasons: await readReviewReasons(store, of),
    corrected: await readCorrectedFields(store, of),
    agreement: await readAgreement(store, of),
    incidents: journal.incidents
      .list({ workflow, limit: 200 })
      .filter((incident) => incident.openedAtMs < toMs && (incident.resolvedAtMs ?? toMs) >= fromMs),
    changes: journal.changes.list({ workflow, fromMs, toMs: toMs + dayMs, limit: 50 }),
  };
}
