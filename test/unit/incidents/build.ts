import { hourMs, minuteMs } from "../../../src/model/clock.ts";
import type { ChangeEvent, DriftingSignal, Incident } from "../../../src/model/incident.ts";
import type { SignalKey, SignalKind } from "../../../src/model/signal.ts";
import type { Drift, SignalVerdict, Stable } from "../../../src/model/verdict.ts";
import { noEvidence } from "../../../src/incidents/evidence.ts";
import { defaultIncidentSettings } from "../../../src/incidents/settings.ts";
import type { Sweep } from "../../../src/incidents/sweep.ts";

/** Tue 2026-11-17 14:00 UTC. */
export const startMs = Date.UTC(2026, 10, 17, 14);

/** A drift whose onset is known to ten minutes. */
export function drift(onsetMs: number, overrides: Partial<Drift> = {}): Drift {
  return {
    kind: "drift",
    evidence: 3,
    unit: "share",
    of: "",
    direction: "up",
    baseline: { value: 0.004, low: 0.002, high: 0.008, runs: 5000 },
    current: { value: 0.31, low: 0.25, high: 0.38, runs: 212 },
    onset: { atMs: onsetMs, earliestMs: onsetMs - 10 * minuteMs, latestMs: onsetMs + 10 * minuteMs },
    pause: false,
    effect: 10,
    ...overrides,
  };
}

/** A stable verdict. */
export function stable(): Stable {
  const figure = { value: 0.004, low: 0.002, high: 0.008, runs: 5000 };
  return { kind: "stable", evidence: 0.1, unit: "share", of: "", baseline: figure, current: figure };
}

/** Names a signal of the workflow `triage`. */
export function key(kind: SignalKind, field = ""): SignalKey {
  return { workflow: "triage", kind, field };
}

/** A verdict on a signal of `triage`. */
export function judged(signal: SignalKey, verdict: SignalVerdict["verdict"], atMs: number): SignalVerdict {
  return { signal, atMs, verdict };
}

/** A signal inside an incident. */
export function moved(signal: SignalKey, onsetMs: number, overrides: Partial<Drift> = {}): DriftingSignal {
  return {
    signal,
    drift: drift(onsetMs, overrides),
    detectedAtMs: onsetMs + hourMs,
    recoveredAtMs: null,
    sentence: `${signal.kind} ${signal.field} moved.`,
  };
}

/** A change of `triage` from v12 to v13. */
export function change(what: ChangeEvent["what"], atMs: number): ChangeEvent {
  return {
    changeId: `chg_${what}_${atMs}`,
    workflow: "triage",
    atMs,
    what,
    before: "v12",
    after: "v13",
    versionBefore: "v12",
    versionAfter: "v13",
    diff: "",
  };
}

/** A sweep of `triage` at `nowMs` in which nothing is known and nothing moves. */
export function sweep(nowMs: number, overrides: Partial<Sweep> = {}): Sweep {
  return {
    workflow: "triage",
    owner: "ana@example.test",
    known: [],
    verdicts: [],
    changes: [],
    evidence: noEvidence,
    explain: ({ signal }) => `${signal.kind} ${signal.field} moved.`,
    settings: defaultIncidentSettings,
    nowMs,
    ...overrides,
  };
}

/** The known incidents with the changed ones put in their place. */
export function merge(known: readonly Incident[], changed: readonly Incident[]): Incident[] {
  const byId = new Map([...known, ...changed].map((incident) => [incident.incidentId, incident]));
  return [...byId.values()];
}
