import { describe, expect, it } from "vitest";
import { snapshot, snapshotLimits } from "../../src/snapshot.ts";

class Ticket {
  readonly id = 7;
  #secret = 1;
  secretLength(): number {
    return this.#secret;
  }
}

const circular: Record<string, unknown> = { name: "a" };
circular.self = circular;
const shared = { a: 1 };

const cases = [
  { why: "keeps plain JSON", value: { a: [1, "x", null, true] }, copy: { a: [1, "x", null, true] } },
  {
    why: "leaves out undefined, functions and symbols",
    value: { a: undefined, b: () => 1, c: Symbol("s") },
    copy: {},
  },
  {
    why: "keeps the places of such items in an array",
    value: [undefined, () => 1, 2],
    copy: [null, null, 2],
  },
  { why: "makes null of NaN and infinity, as JSON does", value: [Number.NaN, Infinity], copy: [null, null] },
  { why: "keeps small BigInts as numbers", value: 12n, copy: 12 },
  { why: "keeps large BigInts exact, as text", value: 2n ** 64n, copy: "18446744073709551616" },
  { why: "writes dates as toJSON does", value: new Date(0), copy: "1970-01-01T00:00:00.000Z" },
  { why: "marks a cycle", value: circular, copy: { name: "a", self: "[Circular]" } },
  { why: "keeps an object that is used twice", value: [shared, shared], copy: [{ a: 1 }, { a: 1 }] },
  { why: "writes a Map as an object", value: new Map([["k", { v: 1 }]]), copy: { k: { v: 1 } } },
  { why: "writes a Set as an array", value: new Set([1, 2]), copy: [1, 2] },
  { why: "keeps the public fields of an instance", value: new Ticket(), copy: { id: 7 } },
  {
    why: "keeps name and message of an error",
    value: new RangeError("no"),
    copy: { name: "RangeError", message: "no" },
  },
  {
    why: "keeps the length of binary data",
    value: { file: Buffer.from("abc") },
    copy: { file: { bytes: 3 } },
  },
  { why: "makes null of undefined", value: undefined, copy: null },
  {
    why: "marks a getter that throws and keeps its neighbours",
    value: {
      get bad(): string {
        throw new Error("no");
      },
      good: 1,
    },
    copy: { bad: "[Unreadable]", good: 1 },
  },
  {
    why: "marks a toJSON that throws",
    value: {
      a: {
        toJSON() {
          throw new Error("no");
        },
      },
    },
    copy: { a: "[Unreadable]" },
  },
  {
    why: "marks a proxy that throws",
    value: new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("no");
        },
      },
    ),
    copy: "[Unreadable]",
  },
];

describe("snapshot()", () => {
  it.each(cases)("snapshot() $why", ({ value, copy }) => {
    expect(snapshot(value).value).toEqual(copy);
  });

  it("snapshot() is not changed by what the caller does to the value afterwards", () => {
    const value = { list: [{ a: 1 }], name: "before" };
    const copy = snapshot(value).value;
    value.list[0]!.a = 2;
    value.name = "after";
    expect(copy).toEqual({ list: [{ a: 1 }], name: "before" });
  });

  it("snapshot() keeps a member called __proto__ a member", () => {
    const copy = snapshot(JSON.parse('{"__proto__": {"admin": true}}')).value;
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"admin":true}}');
    expect((copy as { admin?: boolean }).admin).toBeUndefined();
  });

  const limits = { ...snapshotLimits, stringChars: 10, totalChars: 25, nodes: 6, depth: 3 };
  const cuts = [
    { why: "cuts a long string", value: "a".repeat(20), copy: "a".repeat(10) },
    { why: "cuts before half of a surrogate pair", value: `${"a".repeat(9)}😀`, copy: "a".repeat(9) },
    {
      why: "cuts strings that are long together",
      value: ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"],
      copy: ["aaaaaaaaaa", "bbbbbbbbbb", "ccccc"],
    },
    { why: "cuts a long array", value: [1, 2, 3, 4, 5, 6, 7], copy: [1, 2, 3, 4, 5] },
    {
      why: "cuts a wide object",
      value: { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 },
      copy: { a: 1, b: 2, c: 3, d: 4, e: 5 },
    },
    { why: "marks what is nested too deep", value: [[[[1]]]], copy: [[["[Truncated]"]]] },
  ];
  it.each(cuts)("snapshot() $why and says so", ({ value, copy }) => {
    expect(snapshot(value, limits)).toMatchObject({ value: copy, truncated: true });
  });

  it("snapshot() counts the memory it holds", () => {
    const small = snapshot({ a: "x" }).bytes;
    expect(snapshot({ a: "x".repeat(1001) }).bytes - small).toBe(1000);
    expect(snapshot({ a: "x", b: 1 }).bytes).toBeGreaterThan(small);
  });

  it("snapshot() stops at its limits on a value of ten million items", () => {
    const { value, truncated } = snapshot(new Array(10_000_000).fill(1));
    expect((value as number[]).length).toBe(snapshotLimits.nodes - 1);
    expect(truncated).toBe(true);
  });
});
