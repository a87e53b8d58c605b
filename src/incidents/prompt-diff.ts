import { plural } from "../model/plural.ts";

const linesMax = 40;
const lineLengthMax = 200;
const promptLinesMax = 400;

/**
 * The lines by which two prompts differ: `- ` removed, `+ ` added, in order, at most 40 lines of 200 characters.
 *
 * Longest common subsequence over lines; prompts past 400 lines are compared on their first 400.
 *
 * @returns "" where one of the texts is unknown or they are equal.
 */
export function promptDiff(before: string, after: string): string {
  if (before === "" || after === "" || before === after) return "";
  const old = before.split("\n").slice(0, promptLinesMax);
  const now = after.split("\n").slice(0, promptLinesMax);
  const lengths = commonLengths(old, now);
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      lines.push(`- ${(old[i] ?? "").slice(0, lineLengthMax)}`);
      i += 1;
    } else {
      lines.push(`+ ${(now[j] ?? "").slice(0, lineLengthMax)}`);
      j += 1;
    }
  }
  const shown = lines.slice(0, linesMax);
  if (lines.length > linesMax)
    shown.push(`… ${lines.length - linesMax} more ${plural(lines.length - linesMax, "line")}`);
  return shown.join("\n");
}

/** `[i][j]`: length of the longest common subsequence of `old` from i and `now` from j. */
function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    const row = lengths[i] ?? [];
    for (let j = now.length - 1; j >= 0; j -= 1)
      row[j] =
        old[i] === now[j]
          ? at(lengths, i + 1, j + 1) + 1
          : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
  }
  return lengths;
}

function at(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}
