import type { DriftingSignal, Incident } from "../model/incident.ts";
import { byPlainness } from "../model/leading.ts";
import { signalId } from "../model/signal.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import type { Sweep } from "./sweep.ts";

/** The sentence on the signal that leads those that still drift, "" if none does. */
function titleOf(signals: readonly DriftingSignal[]): string {
  return byPlainness(signals.filter((one) => one.recoveredAtMs === null))[0]?.sentence ?? "";
}

/** Takes the present verdicts into the signals that an incident holds. */
export function followVerdicts(incident: Incident, sweep: Sweep): Incident {
  const signals = incident.signals.map((one) => {
    const now = sweep.verdicts.find(({ signal }) => signalId(signal) === signalId(one.signal));
    return now === undefined ? one : followSignal(one, now, incident.state === "resolved", sweep);
  });
  if (signals.every((one, i) => one === incident.signals[i])) return incident;
  return { ...incident, signals, title: titleOf(signals) || incident.title, updatedAtMs: sweep.nowMs };
}

function followSignal(
  one: DriftingSignal,
  judged: SignalVerdict,
  resolved: boolean,
  sweep: Sweep,
): DriftingSignal {
  const { verdict, atMs } = judged;
  switch (verdict.kind) {
    case "insufficient":
      return one;
    case "stable":
      return one.recoveredAtMs === null ? { ...one, recoveredAtMs: atMs } : one;
    case "drift":
      // A recovered signal of a resolved incident counts as fresh: it may reopen the incident.
      if (one.recoveredAtMs !== null && resolved) return one;
      if (one.recoveredAtMs === null && JSON.stringify(one.drift) === JSON.stringify(verdict)) return one;
      // One that comes back is another drift, noticed now.
      return {
        ...one,
        drift: verdict,
        detectedAtMs: one.recoveredAtMs === null ? one.detectedAtMs : atMs,
        recoveredAtMs: null,
        sentence: sweep.explain(judged),
      };
  }
}
