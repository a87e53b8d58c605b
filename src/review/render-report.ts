import { hourMs, minuteMs } from "../model/clock.ts";
import { type DataSource, hasDataMap } from "../model/data-map.ts";
import { plural } from "../model/plural.ts";
import type { FailureCause } from "../store/queries-report.ts";
import type { ReportFigures } from "./gather-report.ts";

/**
 * The weekly review of one workflow as Markdown: what failed and why, what people corrected, what it cost, and
 * what has changed. Names that came with the data are shown as code, so that nothing in them is markup.
 */
export function renderReport(figures: ReportFigures): string {
  const { workflow, owner, fromMs, toMs } = figures;
  const sections = [
    `# ${code(workflow)}: ${day(fromMs)} to ${day(toMs)}`,
    owner === ""
      ? "**Nobody owns this workflow.** Name an owner in the configuration."
      : `Owner: ${plain(owner)}`,
    summary(figures),
    incidents(figures),
    causes("Failures by cause", figures.failures, "No run failed."),
    people(figures),
    causes("Why outputs were changed or refused", figures.reasons, "Nothing was changed or refused."),
    fields(figures),
    changes(figures),
    dataMap(figures),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** A week in one line, for the digest. What it quotes from the data is for the reader to escape. */
export function renderDigestLine({
  owner,
  now,
  before,
  reviews,
  reviewsBefore,
  ...rest
}: ReportFigures): string {
  const failed = (totals: typeof now) => share(totals.errors + totals.brokenContracts, totals.runs);
  const overridden = (totals: typeof reviews) => share(totals.overridden, totals.reviewed);
  const [reason] = rest.reasons;
  const [corrected] = rest.corrected;
  const parts = [
    `${count(now.runs)} ${plural(now.runs, "run")} (${count(before.runs)} the week before)`,
    `failed ${failed(now)} (${failed(before)})`,
    `overridden ${overridden(reviews)} (${overridden(reviewsBefore)}) of ${count(reviews.reviewed)} reviewed`,
    now.costUsd === 0 ? "" : `cost ${money(now.costUsd)}`,
    corrected === undefined ? "" : `most corrected: ${code(corrected.field)}`,
    reason === undefined ? "" : `most often because: ${reason.cause}`,
    rest.incidents.length === 0 ? "no incident" : `incidents: ${count(rest.incidents.length)}`,
    owner === "" ? "nobody owns it" : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function summary({ now, before, runsExpected, reviews, reviewsBefore }: ReportFigures): string {
  const failed = (totals: typeof now) => share(totals.errors + totals.brokenContracts, totals.runs);
  const rows = [
    ["Runs", count(now.runs), count(before.runs)],
    [
      "Runs compared with what is usual",
      runsExpected === null ? "–" : `${(now.runs / runsExpected).toFixed(2)} times`,
      "–",
    ],
    ["Exceptions (errors and broken contracts)", failed(now), failed(before)],
    [
      "Overrides",
      share(reviews.overridden, reviews.reviewed),
      share(reviewsBefore.overridden, reviewsBefore.reviewed),
    ],
    [
      "Rework (edited by a person)",
      share(reviews.overridden - reviews.rejected, reviews.reviewed),
      share(reviewsBefore.overridden - reviewsBefore.rejected, reviewsBefore.reviewed),
    ],
    [
      "Unusable",
      share(reviews.rejected, reviews.reviewed),
      share(reviewsBefore.rejected, reviewsBefore.reviewed),
    ],
    ["Cycle time, median", time(now.tookMsMedian), time(before.tookMsMedian)],
    ["Cycle time, slowest in twenty", time(now.tookMsP95), time(before.tookMsP95)],
    ["Cost", money(now.costUsd), money(before.costUsd)],
    [
      "Cost per run",
      now.runs === 0 ? "–" : money(now.costUsd / now.runs),
      before.runs === 0 ? "–" : money(before.costUsd / before.runs),
    ],
    // Where nobody sends any, 0 would be a claim.
    ...(now.tokens + before.tokens === 0 ? [] : [["Tokens", count(now.tokens), count(before.tokens)]]),
  ];
  return table(["", "This time", "Before"], rows);
}

function incidents({ incidents: list }: ReportFigures): string {
  if (list.length === 0) return "## Incidents\n\nNone.";
  const items = list.map(({ title, state, cause }) => {
    const [reason] = cause.reasons;
    return `- **${state}**, ${cause.layer}: ${title}${reason === undefined ? "" : `\n  ${reason}`}`;
  });
  return `## Incidents\n\n${items.join("\n")}`;
}

function people({ reviews, agreement }: ReportFigures): string {
  const lines = [
    `${count(reviews.all)} ${plural(reviews.all, "review")}, ${count(reviews.reviewed)} of them chosen at random or sent by API.`,
    reviews.tookMsMedian === null ? "" : `A review took ${time(reviews.tookMsMedian)} (median).`,
    agreement.runs === 0
      ? ""
      : `Two people agreed on ${share(agreement.agreed, agreement.runs)} of ${count(agreement.runs)} ${plural(agreement.runs, "run")}.`,
  ];
  return `## Reviews\n\n${lines.filter((line) => line !== "").join(" ")}`;
}

function fields({ corrected }: ReportFigures): string {
  if (corrected.length === 0) return "## What people correct\n\nNo field was corrected.";
  const rows = corrected.map((row) => [
    code(row.field),
    count(row.corrected),
    share(row.corrected, row.reviewed),
  ]);
  return `## What people correct\n\n${table(["Field", "Corrected", "Of reviewed"], rows)}`;
}

function changes({ changes: list }: ReportFigures): string {
  if (list.length === 0) return "## Changes\n\nNo change of prompt, model, settings or code was seen.";
  const items = list.map(
    (change) =>
      `- ${day(change.atMs)}: ${change.what.replace("_", " ")}, ${code(change.before)} to ${code(change.after)}`,
  );
  return `## Changes\n\n${items.join("\n")}`;
}

function dataMap({ dataMap: map, unmapped }: ReportFigures): string {
  const entry = (verb: string) => (source: DataSource) =>
    `- ${verb} ${source.kind} ${code(source.name)} ${source.account === "" ? "(no account named)" : `as ${code(source.account)}`}`;
  const known = hasDataMap(map)
    ? [...map.reads.map(entry("reads")), ...map.writes.map(entry("writes"))].join("\n")
    : "**This workflow has no data map.** Name what it reads and writes in the configuration.";
  const flagged = unmapped.map(
    ({ step, source, calls }) =>
      `- **not in the map**: ${code(source === "" ? step : source)}, named by step ${code(step)} in ${count(calls)} ${plural(calls, "call")}`,
  );
  return `## Data map\n\n${[known, ...flagged].join("\n")}`;
}

function causes(title: string, list: readonly FailureCause[], none: string): string {
  if (list.length === 0) return `## ${title}\n\n${none}`;
  return `## ${title}\n\n${table(
    ["Cause", "Runs"],
    list.map(({ cause, runs }) => [code(cause), count(runs)]),
  )}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_cell, index) => (index === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** A name from the data as inline code; line breaks, backticks and pipes would end it. */
function code(name: string): string {
  return name === "" ? "(none)" : `\`${name.replaceAll(/[`|\r\n]/g, " ")}\``;
}

function plain(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#\r\n]/g, " ");
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((part / whole) * 100).toFixed(1)} %`;
}

function count(number: number): string {
  return number.toLocaleString("en-GB");
}

function money(usd: number): string {
  return usd === 0 ? "–" : `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}

function time(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < minuteMs) return `${(ms / 1000).toFixed(1)} s`;
  return ms < hourMs ? `${(ms / minuteMs).toFixed(1)} min` : `${(ms / hourMs).toFixed(1)} h`;
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
