/** One figure beside its bar. */
export interface Row {
  group: string;
  name: string;
  figure: number;
  /** What it must not exceed; null where there is no bar. */
  bar: number | null;
  unit: string;
  /** What stands behind it: simulated days, replications. */
  basis: string;
}

/** True where a row has a bar and misses it. */
export function misses({ figure, bar }: Row): boolean {
  return bar !== null && !(figure <= bar);
}

/** The rows as aligned text, a line each, misses marked. */
export function printTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    misses(row) ? "miss" : row.bar === null ? "" : "ok",
    row.group,
    row.name,
    shown(row.figure),
    row.bar === null ? "" : `≤ ${shown(row.bar)}`,
    row.unit,
    row.basis,
  ]);
  const header = ["", "what", "case", "measured", "bar", "unit", "rests on"];
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

function shown(value: number): string {
  if (!Number.isFinite(value)) return "none";
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
