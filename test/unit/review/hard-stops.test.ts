import { describe, expect, it } from "vitest";
import { type HardStopFacts, type HardStops, hardStopReasons } from "../../../src/review/hard-stops.ts";
import { createTopicFinder } from "../../../src/review/topics.ts";

const stops: HardStops = {
  confidenceBelow: null,
  contractBroken: false,
  inputIncomplete: false,
  topics: createTopicFinder({}),
};
const facts: HardStopFacts = {
  action: "answer the ticket",
  payload: { text: "Thank you" },
  inputs: { text: "hello" },
  outputs: null,
  note: "",
  confidence: 0.9,
  findings: [],
  unjudged: [],
  nullWords: new Set(["n/a"]),
};

describe("hardStopReasons()", () => {
  const cases: {
    why: string;
    stops?: Partial<HardStops>;
    facts?: Partial<HardStopFacts>;
    reasons: string[];
  }[] = [
    { why: "holds nothing without rules", facts: { confidence: null, inputs: null }, reasons: [] },
    {
      why: "holds a low confidence",
      stops: { confidenceBelow: 0.95 },
      reasons: ["confidence 0.9 is below 0.95"],
    },
    { why: "lets a confidence at the bar pass", stops: { confidenceBelow: 0.9 }, reasons: [] },
    {
      why: "holds where no confidence was given",
      stops: { confidenceBelow: 0.1 },
      facts: { confidence: null },
      reasons: ["no confidence was given"],
    },
    {
      why: "holds a broken contract and names the rules",
      stops: { contractBroken: true },
      facts: { findings: [{ field: "output.total", rule: "required" }] },
      reasons: ["contract broken: output.total (required)"],
    },
    {
      why: "holds what a contract cannot judge, and says so",
      stops: { contractBroken: true },
      facts: { unjudged: [{ field: "output.total", rule: "equals_sum_of", why: "a number is missing" }] },
      reasons: ["contract cannot be judged: output.total (equals_sum_of, a number is missing)"],
    },
    {
      why: "holds an input that holds nothing, in every way of holding nothing",
      stops: { inputIncomplete: true },
      facts: { inputs: { a: null, b: " ", c: "N/A", d: [], e: {}, f: 0, g: false } },
      reasons: ["input incomplete: input.a, input.b, input.c, input.d, input.e"],
    },
    {
      why: "holds a required input that is missing",
      stops: { inputIncomplete: true },
      facts: { findings: [{ field: "input.customer.id", rule: "required" }] },
      reasons: ["input incomplete: input.customer.id"],
    },
    {
      why: "holds where completeness cannot be judged",
      stops: { inputIncomplete: true },
      facts: { inputs: null },
      reasons: ["no inputs were given"],
    },
    {
      why: "finds a topic in the names of fields and in the action",
      stops: { topics: createTopicFinder({ money: [], account_access: [] }) },
      facts: { action: "Reset the password", payload: { refundAmount: 1 } },
      reasons: ["topic: money", "topic: account access"],
    },
    {
      why: "holds what is too long to be searched",
      facts: { payload: { text: "x".repeat(200_001) } },
      reasons: ["too long to be searched for topics"],
    },
  ];
  it.each(cases)("$why", (one) => {
    expect(hardStopReasons({ ...stops, ...one.stops }, { ...facts, ...one.facts })).toEqual(one.reasons);
  });
});

describe("createTopicFinder()", () => {
  const found: { topic: string; text: string; own?: string[] }[] = [
    { topic: "money", text: "Please refund me" },
    { topic: "money", text: "It costs € 12.50" },
    { topic: "money", text: "send 300 EUR today" },
    { topic: "money", text: "DE89 3704 0044 0532 0130 00" },
    { topic: "money", text: '{"bank_account": 1}' },
    { topic: "contracts", text: "We terminated the agreements" },
    { topic: "security", text: "see CVE-2026-1234" },
    { topic: "account_access", text: "I am locked   out" },
    { topic: "legal", text: "my LAWYER says", own: ["lawyer"] },
    { topic: "legal", text: "I will sue you", own: [String.raw`/\bsue[ds]?\b/`] },
    { topic: "legal", text: "Straße", own: ["straße"] },
    { topic: "money", text: "a Gutschein", own: ["gutschein"] },
  ];
  it.each(found)("finds $topic in '$text'", ({ topic, text, own = [] }) => {
    expect(createTopicFinder({ [topic]: own })(text)).toEqual([topic]);
  });

  const quiet = [
    { topic: "money", text: "The parcel has not come" },
    { topic: "contracts", text: "She contractually" },
    { topic: "security", text: "secure enough" },
    { topic: "legal", text: "the tissue", own: [String.raw`/\bsue\b/`] },
    { topic: "legal", text: "a.c", own: ["a+c"] },
  ];
  it.each(quiet)("does not find $topic in '$text'", ({ topic, text, own = [] }) => {
    expect(createTopicFinder({ [topic]: own })(text)).toEqual([]);
  });

  // With the engine's own, this does not end.
  it("ends at once for a pattern that has many ways, and a text that has none", () => {
    expect(createTopicFinder({ legal: ["/^(a+)+$/"] })(`${"a".repeat(100_000)}!`)).toEqual([]);
  });

  it("takes the words of a topic for what they are, also where its name is known to objects", () => {
    expect(createTopicFinder({ constructor: ["crane"] })("two cranes")).toEqual(["constructor"]);
  });
});
