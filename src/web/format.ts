import { dayMs, hourMs, minuteMs } from "../model/clock.ts";
import type { SignalKind } from "../model/signal.ts";
import type { Drift, Figure, Stable, Unit } from "../model/verdict.ts";
import { plural } from "../model/plural.ts";
import { timesMax, timesUsual } from "../model/times-usual.ts";

/** What people call each kind of signal. */
export const signalNames: Record<SignalKind, string> = {
  null_rate: "Empty values",
  type: "Type",
  input_distribution: "Input values",
  output_distribution: "Output values",
  text_length: "Text length",
  allowed_values: "Not allowed",
  override_rate: "Overrides",
  unusable_rate: "Unusable",
  low_confidence: "Low confidence",
  failure_tokens: "Failure words",
  errors: "Errors",
  step_errors: "Step errors",
  retries: "Retries",
  latency: "Latency",
  tokens: "Tokens",
  cost: "Cost",
  volume: "Volume",
  model: "Model",
  duplicates: "Duplicates",
  contract: "Broken contract",
  approval_rate: "Approved",
  approval_timeouts: "Nobody decided",
  approval_wait: "Wait for approval",
  shadow_disagreement: "Shadow disagreement",
  canary_delta: "Canary delta",
  outcome: "Outcome",
};

/** A bin of a category as people read it. */
export function formatBin(bin: string): string {
  if (bin.startsWith("=")) return bin.slice(1) === "" ? "(empty text)" : bin.slice(1);
  return bin;
}

/** A figure's value in its unit: `12.3 %`, `840 ms`, `17 runs/h`. */
export function formatValue(value: number, unit: Unit): string {
  switch (unit) {
    case "share":
      return formatShare(value);
    case "ms":
      return formatDuration(value);
    case "usd":
      return `$${significant(value)}`;
    case "characters":
      return `${significant(value)} ${plural(rounded(value), "character")}`;
    case "tokens":
      return `${significant(value)} ${plural(rounded(value), "token")}`;
    case "runs/h":
      return `${significant(value)} runs/h`;
    case "number":
      return significant(value);
  }
}

/** A share as per cent, with more digits where it is small. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.1) return "< 0.1 %";
  return `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** A figure's interval: `9.1 to 16 %`. */
export function formatInterval({ low, high }: Pick<Figure, "low" | "high">, unit: Unit): string {
  if (unit !== "share") return formatRange(low, high, unit);
  return `${low < 0.001 ? "0" : formatShare(low).replace(" %", "")} to ${formatShare(high).replace("< ", "")}`;
}

/** A verdict's present figure with its interval; of volume beside what is usual, as its sentence says it. */
export function formatNow({ current, baseline, unit }: Stable | Drift): { value: string; interval: string } {
  if (unit !== "runs/h")
    return { value: formatValue(current.value, unit), interval: formatInterval(current, unit) };
  const { value, low, high } = timesUsual(current, baseline);
  if (low > timesMax) return { value: `over ${timesMax} times`, interval: "the usual" };
  return {
    value: `${significant(value)} times`,
    interval: `the usual (${significant(low)} to ${significant(high)})`,
  };
}

/** A range of numbers with their unit, once where both ends have the same: `12 to 40 tokens`, `840 ms to 1.2 s`. */
export function formatRange(low: number, high: number, unit: Unit): string {
  const [from, to] = [formatValue(low, unit), formatValue(high, unit)];
  if (from === to) return to;
  const [ending = ""] = / \S+$/.exec(to) ?? [];
  return `${from.endsWith(ending) ? from.slice(0, from.length - ending.length) : from} to ${to}`;
}

/** A number in three significant digits, grouped by thousands. */
export function significant(value: number): string {
  const shown = rounded(value);
  return Math.abs(shown) >= 1e15
    ? shown.toExponential(2)
    : shown.toLocaleString("en-GB", { maximumFractionDigits: 6 });
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** A whole number, grouped by thousands. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-GB");
}

/** A length of time in the largest unit that fits: `840 ms`, `2.1 s`, `3 min`, `5 h`, `2 days`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${significant(ms)} ms`;
  if (ms < minuteMs) return `${significant(ms / 1000)} s`;
  if (ms < hourMs) return `${Math.round(ms / minuteMs)} min`;
  if (ms < 2 * dayMs) return `${Math.round(ms / hourMs)} h`;
  return `${Math.round(ms / dayMs)} days`;
}

/** How long ago, or how soon: `3 min ago`, `in 2 h`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  if (Math.abs(ms) < 5000) return "just now";
  return ms < 0 ? `in ${formatDuration(-ms)}` : `${formatDuration(Math.round(ms / 1000) * 1000)} ago`;
}

/** A moment in UTC for people: `20 Nov 2026, 09:30`. */
export function formatMoment(atMs: number): string {
  const date = new Date(atMs);
  const day = date.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  return `${day}, ${date.toISOString().slice(11, 16)}`;
}

/** A sentence without the backticks around names, for places that show plain text. */
export function plainText(sentence: string): string {
  return sentence.replaceAll("`", "");
}

/** What people call a version; "" is one that nobody named. */
export function formatVersion(version: string): string {
  return version === "" ? "(none given)" : version;
}
