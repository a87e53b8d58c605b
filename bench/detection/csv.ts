/** Parses comma-separated values with quotes (RFC 4180) and a header line. */
export function parseCsv(text: string): Record<string, string>[] {
  const [header = [], ...lines] = records(text);
  return lines.map((cells) => Object.fromEntries(header.map((name, at) => [name, cells[at] ?? ""])));
}

function records(text: string): string[][] {
  const lines: string[][] = [];
  let cells: string[] = [];
  let at = 0;
  while (at < text.length) {
    const [cell, next] = text[at] === '"' ? quoted(text, at + 1) : plain(text, at);
    cells.push(cell);
    at = next;
    if (text[at] === ",") {
      at += 1;
      continue;
    }
    while (text[at] === "\r" || text[at] === "\n") {
      at += 1;
      if (text[at - 1] === "\n") break;
    }
    lines.push(cells);
    cells = [];
  }
  return lines;
}

function plain(text: string, from: number): [string, number] {
  let at = from;
  while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return [text.slice(from, at), at];
}

function quoted(text: string, from: number): [string, number] {
  let at = from;
  while (at < text.length && (text[at] !== '"' || text[at + 1] === '"')) at += text[at] === '"' ? 2 : 1;
  return [text.slice(from, at).replaceAll('""', '"'), at + 1];
}
