import type { Metrics } from "../metrics.ts";
import { type SignalKey, signalId } from "../model/signal.ts";
import type { SignalVerdict } from "../model/verdict.ts";

type SignalGauges = Pick<Metrics, "signalValue" | "signalBaseline" | "signalEvidence" | "drift">;

const severities = ["warning", "critical"] as const;

/** Shows the verdicts of a workflow as metrics, and takes away those of signals that are no longer judged. */
export function showVerdicts(
  metrics: SignalGauges,
  before: readonly SignalVerdict[],
  now: readonly SignalVerdict[],
): void {
  const judged = now.filter(({ verdict }) => verdict.kind !== "insufficient");
  const ids = new Set(judged.map(({ signal }) => signalId(signal)));
  for (const { signal } of before) {
    if (!ids.has(signalId(signal))) hide(metrics, labelsOf(signal));
  }
  for (const { signal, verdict } of judged) {
    if (verdict.kind === "insufficient") continue;
    const labels = labelsOf(signal);
    metrics.signalValue.set(labels, verdict.current.value);
    metrics.signalBaseline.set(labels, verdict.baseline.value);
    metrics.signalEvidence.set(labels, verdict.evidence);
    const severity = verdict.kind === "drift" ? (verdict.pause ? "critical" : "warning") : null;
    for (const one of severities) metrics.drift.set({ ...labels, severity: one }, one === severity ? 1 : 0);
  }
}

function labelsOf({ workflow, kind, field }: SignalKey) {
  return { workflow, signal: kind, field };
}

function hide(metrics: SignalGauges, labels: ReturnType<typeof labelsOf>): void {
  metrics.signalValue.remove(labels);
  metrics.signalBaseline.remove(labels);
  metrics.signalEvidence.remove(labels);
  for (const severity of severities) metrics.drift.remove({ ...labels, severity });
}
