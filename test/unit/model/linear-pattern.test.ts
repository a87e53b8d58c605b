import { describe, expect, it } from "vitest";
import { compilePattern, type LinearPattern } from "../../../src/model/linear-pattern.ts";

function compiled(source: string, flags = "", extent?: "whole"): LinearPattern {
  const outcome = compilePattern(source, flags, extent);
  if (outcome.kind === "refused") throw new Error(outcome.why);
  return outcome.pattern;
}

/** Numbers below `max` that are the same each time. */
function createDraw(seed: number): (max: number) => number {
  let state = seed;
  return (max) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * max);
  };
}

const terms = String.raw`a b \d [ab] [^a] . \w \s - 1 Z \. [a-c1] é \x61 \u0062 ^ $ \b [a\]]`.split(" ");
const unicodeTerms = [...terms, String.raw`\p{L}`, String.raw`\u{1F600}`, "😀", "[😀a]", "ſ", "K"];
const plainTerms = [...terms, String.raw`\B`, "}", "]", "{", "[]", "[^]", "x{,2}"];
const repeats = ["*", "+", "?", "{2}", "{1,3}", "{0,2}?", "{2,}", ""];
const characters = [
  "a",
  "b",
  "c",
  "1",
  "-",
  " ",
  "Z",
  ".",
  "é",
  "😀",
  "\ud83d",
  "\n",
  "A",
  "ſ",
  "K",
  "]",
  "{",
];

function drawSource(draw: (max: number) => number, from: readonly string[], depth: number): string {
  const inner = () => drawSource(draw, from, depth - 1);
  switch (draw(depth <= 0 ? 2 : 7)) {
    case 0:
    case 1:
      return from[draw(from.length)] ?? "";
    case 2:
      return `(?:${inner()})${repeats[draw(repeats.length)]}`;
    case 3:
      return `(${inner()}|${inner()})`;
    default:
      return inner() + inner();
  }
}

describe("compilePattern()", () => {
  it.each(["", "i", "u", "iu"])("finds what the engine finds, flags '%s'", (flags) => {
    const draw = createDraw(7);
    let compared = 0;
    const differences: string[][] = [];
    for (let n = 0; n < 2_000; n += 1) {
      const source = drawSource(draw, flags.includes("u") ? unicodeTerms : plainTerms, 4);
      const engine = new RegExp(source, flags);
      const pattern = compiled(source, flags);
      for (let k = 0; k < 8; k += 1) {
        const text = Array.from({ length: draw(8) }, () => characters[draw(characters.length)]).join("");
        if (pattern.test(text) !== engine.test(text)) differences.push([source, text]);
        compared += 1;
      }
    }
    expect(differences).toEqual([]);
    expect(compared).toBe(16_000);
  });

  it("can demand the whole text, whatever the pattern's own ways", () => {
    const pattern = compiled("a|ab", "", "whole");
    expect(["a", "ab", "abc", "ba", ""].map((text) => pattern.test(text))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  const slow = [
    { why: "repeats inside repeats", source: "^(a+)+$" },
    { why: "two ways for the same text", source: "^(a|a)*$" },
    { why: "repeats one after another", source: "^a*a*a*a*$" },
    { why: "a search from each place", source: "a+!" },
  ];
  // With the engine's own, the quickest of these takes seconds, and the others years.
  it.each(slow)("ends at once for $why", ({ source }) => {
    expect(compiled(source).test(`${"a".repeat(60_000)}b`)).toBe(false);
  });

  it("gives up where each character of a text needs a thousand looks", () => {
    const draw = createDraw(3);
    const text = Array.from({ length: 60_000 }, () => "ab".charAt(draw(2))).join("");
    expect(compiled("(?:.*a.{400}){3}c").test(text)).toBeNull();
  });

  it("gives the same verdict on a text whatever it has seen before", () => {
    const draw = createDraw(5);
    const drawText = (length: number) => Array.from({ length }, () => "ab".charAt(draw(2))).join("");
    const texts = [100, 4_000, 10_000].map(drawText);
    const source = "[ab]*a[ab]{200}c";
    const alone = texts.map((text) => compiled(source).test(text));
    const pattern = compiled(source);
    for (const round of [1, 2, 3]) {
      const verdicts = texts.map((text) => pattern.test(text));
      expect([round, verdicts]).toEqual([round, alone]);
    }
    expect(new Set(alone)).toEqual(new Set([false, null]));
  });

  const refused = [
    { source: "(", why: "a regular expression" },
    { source: "(?=a)", why: "a regular expression without lookahead and lookbehind" },
    { source: "(?<!a)", why: "a regular expression without lookahead and lookbehind" },
    { source: String.raw`(a)\1`, why: "a regular expression without back references" },
    {
      source: "(?:a{1000}){1000}",
      why: "a regular expression without repetitions that amount to more than 20000 steps",
    },
    {
      source: "(".repeat(5_000) + ")".repeat(5_000),
      why: "a regular expression without more than 100 brackets in each other",
    },
  ];
  it.each(refused)("refuses what needs more than one look: $why", ({ source, why }) => {
    expect(compilePattern(source, "")).toEqual({ kind: "refused", why });
  });

  it("takes nothing, repeated for ever", () => {
    expect(compiled("(?:){1000000000}(?:)*a").test("a")).toBe(true);
  });
});
