import { describe, expect, it } from "vitest";
import {
  binValue,
  deriveMissing,
  numberBin,
  parentFields,
  type SignalBucket,
} from "../../../src/model/signal.ts";

describe("numberBin()", () => {
  it.each([1, -1, 0.001, 12.5, 99.99, 1e9, -3.7e-5, 5e-324, 1.7e308])("keeps %d within 0.4 %", (value) => {
    const bin = numberBin(value);
    expect(bin).toMatch(/^#\d+$/);
    expect(Math.abs(binValue(bin ?? "") - value)).toBeLessThanOrEqual(
      Math.max(Math.abs(value) * 0.004, 1e-300),
    );
  });

  it("has one bin for zero and minus zero, and none for what is not finite", () => {
    expect(numberBin(-0)).toBe(numberBin(0));
    expect(binValue(numberBin(0) ?? "")).toBe(0);
    expect([NaN, Infinity, -Infinity].map(numberBin)).toEqual([null, null, null]);
  });
});

const at = (kind: SignalBucket["kind"], field: string, counts: Record<string, number>): SignalBucket => ({
  workflow: "w",
  kind,
  field,
  startMs: 0,
  counts,
});
const nullRate = (buckets: SignalBucket[], field: string) =>
  buckets.find((bucket) => bucket.kind === "null_rate" && bucket.field === field)?.counts;

describe("deriveMissing()", () => {
  it("counts a child as missing where its parent was an object without it", () => {
    const buckets = [
      at("type", "output", { object: 10, null: 2 }),
      at("null_rate", "output.vendor", { value: 6, empty: 1 }),
    ];
    expect(nullRate(deriveMissing(buckets), "output.vendor")).toEqual({ value: 6, empty: 1, missing: 3 });
  });

  it("gives a known field that is wholly absent a bucket of its own", () => {
    expect(
      nullRate(deriveMissing([at("type", "output", { object: 4 })], ["output.vendor"]), "output.vendor"),
    ).toEqual({
      missing: 4,
    });
  });

  it("finds the parent of a key with dots in it", () => {
    const buckets = [
      at("type", "input", { object: 5 }),
      at("null_rate", "input.Transaction No.", { value: 2 }),
    ];
    expect(nullRate(deriveMissing(buckets), "input.Transaction No.")).toEqual({ value: 2, missing: 3 });
    expect(parentFields("input.a.b")).toEqual(["input.a", "input"]);
  });

  it("expects nothing of a root", () => {
    expect(nullRate(deriveMissing([at("null_rate", "output", { value: 3 })]), "output")).toEqual({
      value: 3,
    });
  });
});
