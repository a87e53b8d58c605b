/**
 * Lays rows out in columns, two spaces apart, with a header.
 *
 * @param rows each as many cells as the header. Cells are one line of text.
 */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, at) => Math.max(...all.map((row) => width(row[at] ?? ""))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell + " ".repeat(Math.max(0, (widths[at] ?? 0) - width(cell))))
      .join("  ")
      .trimEnd();
  const rule = widths.map((cells) => "─".repeat(cells)).join("  ");
  return [line(header), rule, ...rows.map(line)].join("\n");
}

const characters = new Intl.Segmenter();

/** Characters as people see them: names may hold any script. */
function width(text: string): number {
  return [...characters.segment(text)].length;
}
