import type { DriftingSignal, Incident } from "../model/incident.ts";
import { signalId } from "../model/signal.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import type { Sweep } from "./sweep.ts";
import { withLead } from "./with-lead.ts";

/** Takes the present verdicts into the signals that an incident holds. */
export function followVerdicts(incident: Incident, sweep: Sweep): Incident {
  const signals = incident.signals.map((one) => {
    const now = sweep.verdicts.find(({ signal }) => signalId(signal) === signalId(one.signal));
    return now === undefined ? one : followSignal(one, now, incident.state === "resolved", sweep);
  });
  if (signals.every((one, i) => one === incident.signals[i])) return incident;
  return withLead({ ...incident, signals, updatedAtMs: sweep.nowMs });
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
    case "drift": {
      // A recovered signal of a resolved incident counts as fresh: it may reopen the incident.
      if (one.recoveredAtMs !== null && resolved) return one;
      if (one.recoveredAtMs === null && JSON.stringify(one.drift) === JSON.stringify(verdict)) return one;
      // One that comes back is another drift, noticed now.
      const isSame = one.recoveredAtMs === null;
      const found = isSame ? one.found : undefined;
      return {
        ...one,
        drift: verdict,
        detectedAtMs: isSame ? one.detectedAtMs : atMs,
        recoveredAtMs: null,
        sentence: sweep.explain({ ...judged, bins: found?.bins }),
        found,
      };
    }
  }
}
