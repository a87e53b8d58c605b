import { emptyBins, newBin, noNumber, rareBin, tailOf } from "../model/bin-names.ts";
import { minuteMs } from "../model/clock.ts";
import type { SignalKey, SignalKind } from "../model/signal.ts";
import {
  type Drift,
  type Figure,
  type SignalVerdict,
  type Stable,
  type Unit,
  unitOfKind,
} from "../model/verdict.ts";
import { plural } from "../model/plural.ts";
import { timesMax, timesUsual } from "../model/times-usual.ts";

/**
 * Says in one sentence what an owner needs to know about a verdict: what, how much before, since when, how
 * much now, on how many runs. Times are UTC and say so.
 *
 * @example
 * `output.vendor` was empty in 0.4 % of runs; since Tue 17 Nov 14:10 UTC (± 20 min) it is empty in 31 %
 * (25–38 %) of 212 runs.
 *
 * @param judged the verdict; with raw `bins` that show a drift, values that the baseline never or rarely had are named.
 * `runsOn` says that the field's values are not counted, since they run on.
 */
export function explain(
  judged: SignalVerdict & { bins?: readonly string[] | undefined; runsOn?: boolean },
): string {
  const { signal, verdict, bins = [], runsOn = false } = judged;
  switch (verdict.kind) {
    case "insufficient":
      if (runsOn)
        return `${subject(signal)} runs on, as tickets, counters and times do: not its values, only its presence is watched.`;
      return `${subject(signal)} cannot be judged yet: ${missing(verdict.runs, verdict.runsMin)}.`;
    case "stable":
      if (verdict.unit === "runs/h")
        return `${subject(signal)} is as usual: it brings ${volumeWords(verdict)}.`;
      return `${subject(signal)} is as usual: ${amount(verdict.current.value, verdict.unit)} against ${amount(
        verdict.baseline.value,
        verdict.unit,
      )} in the baseline.`;
    case "drift":
      return explainDrift(signal, verdict, bins);
  }
}

function explainDrift(signal: SignalKey, drift: Drift, bins: readonly string[]): string {
  const [before, now] = wording(signal, drift, bins);
  const { unit, baseline, current } = drift;
  return `${before(amount(baseline.value, unit))}; since ${since(drift)} ${now(
    `${amount(current.value, unit)} (${range(current, unit)})`,
  )}${runsOf(drift, signal)}.`;
}

/** How the scores of a hazard are called: their figures are of all runs. */
const withinPrefix = "within ";

/** How a kind speaks of its figures: before and now. */
function wording(
  signal: SignalKey,
  drift: Drift,
  bins: readonly string[],
): [(figure: string) => string, (figure: string) => string] {
  const name = subject(signal);
  if (isAppearance(signal.kind, drift))
    return [() => `${name} was in none of the baseline's runs`, (figure) => `it is present in ${figure}`];
  if (drift.unit === "share") {
    const { was, is } = events[signal.kind] ?? binWords(signal.kind, drift.of);
    const within = drift.of.startsWith(withinPrefix) ? ` ${drift.of}` : "";
    return [
      (figure) => `${name} ${was}${within} in ${figure} of runs`,
      (figure) => `it ${is}${within}${suchAs(drift, bins)} in ${figure}`,
    ];
  }
  if (drift.unit === "runs/h") {
    return [(figure) => `${name} brought ${figure} on average`, () => `it brings ${volumeWords(drift)}`];
  }
  const takes = signal.kind === "latency";
  const what = drift.of === "spread" ? "spread over" : takes ? "typically took" : "was typically";
  const whatNow = drift.of === "spread" ? "spreads over" : takes ? "takes" : "is";
  return [(figure) => `${name} ${what} ${figure}`, (figure) => `it ${whatNow} ${figure}`];
}

const events: Partial<Record<SignalKind, { was: string; is: string }>> = {
  null_rate: { was: "was empty", is: "is empty" },
  allowed_values: { was: "was outside the allowed values", is: "is outside them" },
  override_rate: { was: "was corrected by reviewers", is: "is corrected" },
  unusable_rate: { was: "was rejected by reviewers", is: "is rejected" },
  low_confidence: { was: "had low confidence", is: "has low confidence" },
  failure_tokens: { was: "held a failure phrase", is: "holds one" },
  errors: { was: "failed", is: "fails" },
  step_errors: { was: "failed", is: "fails" },
  retries: { was: "was retried", is: "is retried" },
  duplicates: { was: "was a duplicate", is: "is a duplicate" },
  contract: { was: "broke its contract", is: "breaks it" },
  approval_rate: { was: "was approved", is: "is approved" },
  approval_timeouts: { was: "was decided by nobody in time", is: "is decided by nobody" },
  shadow_disagreement: { was: "disagreed with the human decision", is: "disagrees" },
  canary_delta: { was: "differed from the pinned answers", is: "differs" },
  outcome: { was: "came true", is: "comes true" },
};

/** Both figures are averages over the week: what was counted is how many times the runs came that the hours usually bring. */
function volumeWords({ baseline, current }: Stable | Drift): string {
  const usual = "usual at that time of the week";
  if (current.value === 0) return `none of the runs that are ${usual}`;
  const { value, low, high } = timesUsual(current, baseline);
  if (low > timesMax) return `more than ${timesMax} times as many as is ${usual}`;
  return `${plain(value)} (${plain(low)}–${plain(high)}) times as many as is ${usual}`;
}

/** A key that the baseline never had: its figure before is a guess, not a count. */
function isAppearance(kind: SignalKind, { unit, of }: Drift): boolean {
  return kind === "type" && unit === "share" && of === "";
}

/** How a share of a type, a category or a number's tail is told. */
function binWords(kind: SignalKind, of: string): { was: string; is: string } {
  if (emptyBins.has(of)) return { was: "was empty", is: "is empty" };
  if (of === noNumber) return { was: "was no number", is: "is no number" };
  if (kind === "type") return typeWords(of);
  const tail = tailOf(of);
  if (tail !== null) return tailWords(kind, tail.side, amount(tail.edge, unitOfKind[kind] ?? "number"));
  if (of === newBin) return { was: "had a value never seen before", is: "has one" };
  if (of === rareBin) return { was: "had a rare value", is: "has one" };
  if (of === "other") return { was: "had one of many other values", is: "has one" };
  return { was: `was ${quoted(of)}`, is: `is ${quoted(of)}` };
}

function quoted(bin: string): string {
  return bin.startsWith("=") ? `"${bin.slice(1)}"` : bin;
}

/** Names values that the baseline never or rarely had: ` (such as "es", "€")`. */
function suchAs({ of, direction }: Drift, bins: readonly string[]): string {
  if ((of !== newBin && of !== rareBin) || direction === "down" || bins.length === 0) return "";
  return ` (such as ${bins.map(quoted).join(", ")})`;
}

function tailWords(kind: SignalKind, side: string, edge: string): { was: string; is: string } {
  if (kind !== "latency") return { was: `was ${side} ${edge}`, is: `is ${side} ${edge}` };
  const limit = side === "above" ? `more than ${edge}` : `at most ${edge}`;
  return { was: `took ${limit}`, is: `takes ${limit}` };
}

function typeWords(of: string): { was: string; is: string } {
  if (of === newBin) return { was: "had a type never seen before", is: "has one" };
  if (of === rareBin) return { was: "had a rare type", is: "has one" };
  return { was: `was of type ${of}`, is: `is of type ${of}` };
}

function subject({ kind, field, workflow }: SignalKey): string {
  if (field !== "") return `\`${field}\``;
  switch (kind) {
    case "override_rate":
    case "unusable_rate":
      return `The output of ${workflow}`;
    case "approval_rate":
    case "approval_timeouts":
      return `A held item of ${workflow}`;
    case "approval_wait":
      return `The wait for a person of ${workflow}`;
    case "volume":
      return workflow;
    case "latency":
      return `A run of ${workflow}`;
    case "tokens":
      return `The token count of ${workflow}`;
    case "cost":
      return `The cost of a run of ${workflow}`;
    default:
      return `A run of ${workflow}`;
  }
}

function missing(runs: number, runsMin: number): string {
  if (runs >= runsMin)
    return `its baseline is still being learned, ${runs} ${plural(runs, "observation")} so far`;
  return `${runs} of ${runsMin} ${plural(runsMin, "observation")} so far, ${runsMin - runs} more needed`;
}

function runsOf({ unit, of, current }: Drift, { kind }: SignalKey): string {
  if (unit === "runs/h") return ` (${current.runs} ${plural(current.runs, "run")} since)`;
  const isReviewed = (kind === "override_rate" || kind === "unusable_rate") && !of.startsWith(withinPrefix);
  const what = plural(current.runs, isReviewed ? "reviewed run" : "run");
  return unit === "share" ? ` of ${current.runs} ${what}` : ` over ${current.runs} ${what}`;
}

/** "Tue 17 Nov 14:10 UTC (± 20 min)". */
function since({ onset }: Drift): string {
  const halfMs = Math.max(onset.atMs - onset.earliestMs, onset.latestMs - onset.atMs);
  return `${utc(onset.atMs)} (± ${duration(halfMs)})`;
}

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function utc(atMs: number): string {
  const at = new Date(atMs);
  const clock = at.toISOString().slice(11, 16);
  return `${weekdays[at.getUTCDay()] ?? ""} ${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ""} ${clock} UTC`;
}

function duration(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / minuteMs));
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

function range(figure: Figure, unit: Unit): string {
  if (unit === "share") return `${percent(figure.low)}–${percent(figure.high)} %`;
  return `${plain(figure.low)}–${plain(figure.high)}`;
}

function amount(value: number, unit: Unit): string {
  switch (unit) {
    case "share":
      return `${percent(value)} %`;
    case "usd":
      return `$${plain(value)}`;
    case "runs/h":
      return `${plain(value)} ${plural(Number(plain(value)), "run")} an hour`;
    case "number":
      return plain(value);
    default:
      return `${plain(value)} ${unit}`;
  }
}

/** Percent with two figures below ten, whole above. */
function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value >= 9.95) return value.toFixed(0);
  return value >= 0.1 ? value.toFixed(1).replace(/\.0$/, "") : "under 0.1";
}

function plain(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
