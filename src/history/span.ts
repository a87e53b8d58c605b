import { minuteMs } from "../model/clock.ts";
import type { History, HistoryQuery, HistorySpan } from "./port.ts";

/** The part of a span in which a workflow had runs; null for none. */
export async function historySpan(
  history: Pick<History, "read">,
  query: Omit<HistoryQuery, "stepMs">,
): Promise<HistorySpan | null> {
  const span = { fromMs: Infinity, toMs: -Infinity, runs: 0 };
  for await (const { firstMs, lastMs, runs } of history.read("versions", query)) {
    span.fromMs = Math.min(span.fromMs, firstMs);
    span.toMs = Math.max(span.toMs, lastMs + minuteMs);
    span.runs += runs;
  }
  return span.runs === 0 ? null : span;
}
