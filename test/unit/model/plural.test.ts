import { expect, it } from "vitest";
import { inWords } from "../../../src/forget.ts";
import { promptDiff } from "../../../src/incidents/prompt-diff.ts";
import { plural } from "../../../src/model/plural.ts";
import { formatValue } from "../../../src/web/format.ts";

it("plural() agrees with its count", () => {
  expect([0, 1, 2].map((count) => plural(count, "run"))).toEqual(["runs", "run", "runs"]);
  expect([1, 2].map((count) => plural(count, "is", "are"))).toEqual(["is", "are"]);
});

const lines = (count: number) => Array.from({ length: count }, (_, at) => `number ${at}`).join("\n");
const places = [
  {
    where: "what is forgotten",
    said: inWords({ runs: 1, rejects: 1, counts: 0, rewritten: 1, journalRows: 2, files: 1 }),
    want: "1 run, 1 reject, 0 counts, 1 other row, 2 journal rows, 1 file",
  },
  { where: "a figure", said: formatValue(1.0001, "tokens"), want: "1 token" },
  { where: "a figure of more", said: formatValue(1200, "characters"), want: "1,200 characters" },
  { where: "a diff that was cut", said: promptDiff("same", `same\n${lines(41)}`), want: /… 1 more line$/ },
];
it.each(places)("$where agrees with its count", ({ said, want }) => {
  expect(said).toMatch(want);
});
