import { dayMs, hourMs, minuteMs } from "../model/clock.ts";
import type { Incident } from "../model/incident.ts";
import { plural } from "../model/plural.ts";
import type { Backtest, BacktestInput } from "./backtest-replay.ts";
import { table } from "./table.ts";

/** A backtest as people read it. */
export function backtestText(input: BacktestInput, { incidents, baseline, judgedFromMs }: Backtest): string {
  const { workflow, span, stepMs, runsMin } = input;
  const what = `${span.runs} ${plural(span.runs, "run")} of '${workflow}', ${utc(span.fromMs)} to ${utc(span.toMs)} UTC`;
  if (baseline === null || judgedFromMs === null) {
    return `Not enough data: ${what}; a baseline needs ${runsMin} ${plural(runsMin, "run")}.\n`;
  }
  const days = (span.toMs - judgedFromMs) / dayMs;
  const step = stepMs === minuteMs ? "a minute" : `${stepMs / minuteMs} minutes`;
  const head = [
    `Replayed ${what}, ${step} at a time.`,
    input.baseline === null
      ? `A first baseline stood on ${utc(judgedFromMs)}; it grew to ${baseline.runs} ${plural(baseline.runs, "run")}.`
      : `The baseline is what came before ${utc(judgedFromMs)}: ${baseline.runs} ${plural(baseline.runs, "run")}.`,
    `In ${days.toFixed(1)} days after it, ${alerts(incidents.length)}.`,
  ].join("\n");
  if (incidents.length === 0) return `${head}\n`;
  const rows = incidents.map((incident, at) => [
    String(at + 1),
    utc(incident.openedAtMs),
    utc(incident.onsetMs),
    duration(incident.openedAtMs - incident.onsetMs),
    incident.severity,
    String(incident.signals.length),
    incident.resolvedAtMs === null ? "still open" : utc(incident.resolvedAtMs),
  ]);
  const header = ["#", "alert (UTC)", "began about", "after", "severity", "signals", "resolved"];
  const reasons = incidents.map((incident, at) => `${at + 1}  ${why(incident)}`);
  return `${head}\n\n${table(header, rows)}\n\n${reasons.join("\n\n")}\n`;
}

/** A backtest as JSON. Times are ISO 8601. */
export function backtestJson(input: BacktestInput, { incidents, baseline, judgedFromMs }: Backtest): string {
  const { workflow, span, stepMs } = input;
  const result = {
    workflow,
    from: iso(span.fromMs),
    to: iso(span.toMs),
    runs: span.runs,
    step_minutes: stepMs / minuteMs,
    baseline:
      baseline === null ? null : { from: iso(baseline.fromMs), to: iso(baseline.toMs), runs: baseline.runs },
    judged_from: judgedFromMs === null ? null : iso(judgedFromMs),
    alerts: incidents.map((incident) => ({
      alert_at: iso(incident.openedAtMs),
      onset: iso(incident.onsetMs),
      resolved_at: incident.resolvedAtMs === null ? null : iso(incident.resolvedAtMs),
      severity: incident.severity,
      title: incident.title,
      cause: { layer: incident.cause.layer, reasons: incident.cause.reasons },
      signals: incident.signals.map(({ signal, drift, detectedAtMs, sentence }) => ({
        kind: signal.kind,
        field: signal.field,
        detected_at: iso(detectedAtMs),
        onset: {
          at: iso(drift.onset.atMs),
          earliest: iso(drift.onset.earliestMs),
          latest: iso(drift.onset.latestMs),
        },
        baseline: drift.baseline,
        current: drift.current,
        unit: drift.unit,
        sentence,
      })),
    })),
  };
  return `${JSON.stringify(result, null, 2)}\n`;
}

function alerts(count: number): string {
  if (count === 0) return "nothing would have alerted";
  return `${count === 1 ? "one" : count} ${plural(count, "alert")} would have been sent`;
}

function why({ signals, cause }: Incident): string {
  const sentences = signals.map(({ sentence }) => sentence);
  const reasons = cause.reasons.filter((reason) => !sentences.some((sentence) => reason.includes(sentence)));
  return [...sentences, `Likely cause: ${[`${cause.layer}.`, ...reasons].join(" ")}`].join("\n   ");
}

function utc(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function duration(ms: number): string {
  if (ms < 2 * hourMs) return `${Math.round(ms / minuteMs)} min`;
  return ms < 2 * dayMs ? `${Math.round(ms / hourMs)} h` : `${Math.round(ms / dayMs)} days`;
}
