import { describe, expect, it } from "vitest";
import { secretForms } from "../../../src/collector/secrets.ts";
import { readSigns, sign } from "../../../src/collector/signs.ts";

/** A small generator of its own (mulberry32), so that a failure can be repeated. */
function createRandom(seed: number): (choices: number) => number {
  let state = seed;
  return (choices) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % choices;
  };
}

// What secrets are made of, in any order: most texts are near misses, and some hundred of each form match.
const pieces = [
  "-----BEGIN PRIVATE KEY-----",
  ...(
    "password PassWord passwd passphrase passcode pwd secret token api_key Access-Key credentials cookie authorization " +
    'Basic basic Bearer is IS was is1 : = => " \' \\ \\" [ ] , ; hunter2 Zm9vOmJhcg== x yes please ann@mail.example.com ' +
    "postgres://u:pw@host abc 4111111111111111 +447700900123 (415)555-0132 07700 900123 tel " +
    "GB82WEST12345698765432 0123456789abcdef0 pin ü"
  ).split(" "),
];
const gaps = ["", "", " ", " ", "  ", "\n", "\t", "\u00a0"];

function randomText(random: (choices: number) => number): string {
  const length = 2 + random(9);
  return Array.from(
    { length },
    () => `${pieces[random(pieces.length)] ?? ""}${gaps[random(gaps.length)] ?? ""}`,
  ).join("");
}

describe("readSigns()", () => {
  it("shows the sign of every form that matches", () => {
    const random = createRandom(6);
    const matched = new Set<string>();
    const missed: string[] = [];
    for (let count = 0; count < 20_000; count += 1) {
      const text = randomText(random);
      const signs = readSigns(text);
      for (const { name, sign: needed, pattern, confirm } of secretForms) {
        const found = [...text.matchAll(pattern)].some(([match, kept = ""]) => {
          return confirm?.(match.slice(kept.length), kept) ?? true;
        });
        if (!found) continue;
        matched.add(name);
        if ((signs & sign[needed]) === 0) missed.push(`${name}: ${JSON.stringify(text)}`);
      }
    }
    expect(missed).toEqual([]);
    expect([...matched].sort()).toEqual(
      "authorization card credentials email iban phone private_key secret".split(" "),
    );
  });

  it.each([
    { why: "prose", text: "Where is my card? The courier was here: nobody came. My order total is 12.50" },
    { why: "a key before another colon", text: "the token of our thanks; note: none" },
    { why: "a verb without a word for secrets", text: "the shipment is late and it was not the first" },
    { why: "a long word in snake case", text: "order_confirmation_mail_template" },
  ])("finds nothing in $why", ({ text }) => {
    expect(readSigns(text)).toBe(0);
  });
});
