import { describe, expect, it } from "vitest";
import { createForgetting } from "../../../src/model/forgetting.ts";

const name = 'Zoë "Z" O\'Hara-Quist (née Smith/Jones) $1.*';

describe("createForgetting()", () => {
  const { matches, rewrite } = createForgetting([name, "[email:9f2c41aa]"], "[forgotten:1]");
  const found = [
    { why: "alone", text: name, left: "[forgotten:1]" },
    { why: "as a bin", text: `=${name}`, left: "=[forgotten:1]" },
    {
      why: "in a sentence",
      text: `Dear ${name}, hello ${name}.`,
      left: "Dear [forgotten:1], hello [forgotten:1].",
    },
    { why: "in another case", text: name.toUpperCase(), left: "[forgotten:1]" },
    { why: "in its redacted form", text: '{"a":"[email:9f2c41aa]"}', left: '{"a":"[forgotten:1]"}' },
    { why: "in JSON", text: JSON.stringify({ name }), left: '{"name":"[forgotten:1]"}' },
    {
      why: "behind an escape of JSON",
      text: JSON.stringify({ text: `Hello\n${name}\nbye` }),
      left: '{"text":"Hello\\n[forgotten:1]\\nbye"}',
    },
    {
      why: "in JSON inside JSON",
      text: JSON.stringify({ text: JSON.stringify({ name }) }),
      left: JSON.stringify({ text: '{"name":"[forgotten:1]"}' }),
    },
    {
      why: "in JSON as Python writes it",
      text: JSON.stringify({
        text: JSON.stringify({ name }).replace("ë", "\\u00eb").replace("é", "\\u00e9"),
      }),
      left: JSON.stringify({ text: '{"name":"[forgotten:1]"}' }),
    },
    { why: "with accents apart", text: name.normalize("NFD"), left: "[forgotten:1]" },
  ];
  it.each(found)("finds the value $why, and replaces it", ({ text, left }) => {
    expect(matches(text)).toBe(true);
    expect(rewrite(text)).toBe(left);
  });

  it.each(["Annabel", "Hannah", "Ann9", "", "[email:9f2c41ab]"])("leaves another word: %s", (text) => {
    const { matches: isAnn, rewrite: withoutAnn } = createForgetting(["Ann"], "x");
    expect(isAnn(text)).toBe(false);
    expect(withoutAnn(`${text} Ann ${text}`)).toBe(`${text} x ${text}`);
  });

  it("rewrites nothing twice", () => {
    expect(rewrite(rewrite(`${name} and ${name}`))).toBe("[forgotten:1] and [forgotten:1]");
  });
});
