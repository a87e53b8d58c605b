/** One figure beside its bar. */
export interface Row {
  group: string;
  name: string;
  /** Infinity where it never happened, null where it could not be measured. */
  figure: number | null;
  /** The 95 % upper bound of the figure, where it is a count of rare events. */
  upper?: number;
  /** What it must not exceed; null where there is no bar. */
  bar: number | null;
  unit: string;
  /** What stands behind it: simulated days, replications. */
  basis: string;
}

/** `open`: the figure meets its bar, but rests on too little to exclude that the truth does not. */
export type Status = "met" | "open" | "missed" | "absent" | "";

/** How a row stands to its bar. */
export function statusOf({ figure, upper, bar }: Row): Status {
  if (bar === null) return "";
  if (figure === null) return "absent";
  if (!(figure <= bar)) return "missed";
  return upper !== undefined && upper > bar ? "open" : "met";
}

/** The rows as aligned text, a line each. */
export function printTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    statusOf(row),
    row.group,
    row.name,
    shown(row.figure),
    row.upper === undefined ? "" : `< ${shown(row.upper)}`,
    row.bar === null ? "" : `≤ ${shown(row.bar)}`,
    row.unit,
    row.basis,
  ]);
  const header = ["", "what", "case", "measured", "95 %", "bar", "unit", "rests on"];
  const all = [header, ...lines];
  const widths = header.map((_, column) => Math.max(...all.map((line) => (line[column] ?? "").length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** How many rows met their bars, in words. */
export function printSummary(rows: readonly Row[]): string {
  const barred = rows.filter(({ bar }) => bar !== null);
  const count = (status: Status): number => barred.filter((row) => statusOf(row) === status).length;
  return (
    `${count("met")} of ${barred.length} bars met, ${count("open")} met by a figure that rests on too little, ` +
    `${count("missed")} missed, ${count("absent")} not measured`
  );
}

function shown(value: number | null): string {
  if (value === null) return "-";
  if (!Number.isFinite(value)) return "never";
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
