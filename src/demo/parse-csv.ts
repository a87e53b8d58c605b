/**
 * Reads comma-separated text with a header line (RFC 4180) into one object per line, keyed by the header.
 * Lines shorter than the header lack the last keys.
 */
export function parseCsv(text: string): Record<string, string>[] {
  const [header = [], ...lines] = parseLines(text);
  return lines.map((cells) =>
    Object.fromEntries(header.slice(0, cells.length).map((name, index) => [name, cells[index] ?? ""])),
  );
}

/** One match for each cell: its quoted or plain text, and the comma or line end after it. */
const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;

function parseLines(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  for (const match of text.matchAll(cell)) {
    const [, quoted, plain = "", end] = match;
    if (match.index === text.length && line.length === 0) break;
    line.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    lines.push(line);
    line = [];
  }
  return lines;
}
