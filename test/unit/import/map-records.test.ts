import { describe, expect, it } from "vitest";
import { learnCellTypes } from "../../../src/import/cell-types.ts";
import { columnMapSchema, columnsOf, mapByName } from "../../../src/import/column-map.ts";
import { completeRun } from "../../../src/import/read-file.ts";
import { needsOrder, readTime } from "../../../src/import/read-time.ts";
import type { FileRecord } from "../../../src/import/record.ts";
import { createRunIds } from "../../../src/import/run-ids.ts";
import { createToRun } from "../../../src/import/to-run.ts";

describe("readTime()", () => {
  const cases = [
    { why: "ISO with a zone", given: "2026-03-01T10:00:00+02:00", expected: Date.UTC(2026, 2, 1, 8) },
    { why: "ISO without a zone as UTC", given: "2026-03-01T10:00", expected: Date.UTC(2026, 2, 1, 10) },
    {
      why: "a space between date and time",
      given: "2026-03-01 10:00:30.5",
      expected: Date.UTC(2026, 2, 1, 10, 0, 30, 500),
    },
    {
      why: "a space before the zone",
      given: "2026-03-01 10:00:00 +0000",
      expected: Date.UTC(2026, 2, 1, 10),
    },
    { why: "a date", given: "2026-03-01", expected: Date.UTC(2026, 2, 1) },
    { why: "seconds", given: 1_772_359_200, expected: 1_772_359_200_000 },
    { why: "milliseconds as text", given: "1772359200000", expected: 1_772_359_200_000 },
    { why: "a day that means two", given: "01/02/2026", expected: null },
    { why: "a month's short name", given: "3 Aug 2026 09:12", expected: Date.UTC(2026, 7, 3, 9, 12) },
    { why: "a month's long name", given: "13. September 2026", expected: Date.UTC(2026, 8, 13) },
    { why: "no month's name", given: "3 Augu 2026", expected: null },
    { why: "a day that the month has not", given: "31 Feb 2026", expected: null },
    { why: "no month of the calendar", given: "2026-13-01", expected: null },
    { why: "no day of the calendar", given: "2026-02-30T10:00:00Z", expected: null },
    { why: "years no run was in", given: "1969-01-01", expected: null },
    { why: "nothing", given: null, expected: null },
  ];
  it.each([
    { why: "day first", given: "01/02/2026", order: "day-first", expected: Date.UTC(2026, 1, 1) },
    { why: "month first", given: "1/2/2026", order: "month-first", expected: Date.UTC(2026, 0, 2) },
    {
      why: "dots and a time",
      given: "13.2.2026 9:05",
      order: "day-first",
      expected: Date.UTC(2026, 1, 13, 9, 5),
    },
    { why: "an order that cannot be", given: "02/13/2026", order: "day-first", expected: null },
    { why: "ISO all the same", given: "2026-02-01", order: "day-first", expected: Date.UTC(2026, 1, 1) },
  ] as const)("readTime() with an order reads $why", ({ given, order, expected }) => {
    expect(readTime(given, order)).toBe(expected);
  });

  it.each(cases)("readTime() reads $why", ({ given, expected }) => {
    expect(readTime(given)).toBe(expected);
  });
});

describe("needsOrder()", () => {
  it.each([
    ["01/02/2026 09:12", true],
    ["25.12.2026", true],
    ["12/25/2026", true],
    ["99/99/2026", false],
    ["2026-02-01", false],
    ["soon", false],
  ])("%s: %s", (given, expected) => expect(needsOrder(given)).toBe(expected));
});

describe("completeRun()", () => {
  const options = {
    workflow: "w",
    map: null,
    nowMs: Date.UTC(2026, 10, 20),
    openParquet: () => Promise.reject(new Error("No Parquet here")),
  };

  it("says of a day that means two how a map tells which", () => {
    expect(() => completeRun({ started_at: "01/02/2026" }, "id", options)).toThrow("'dates: day-first'");
    expect(() => completeRun({ started_at: "soon" }, "id", options)).toThrow("must be an ISO 8601 time");
  });
});

describe("createRunIds()", () => {
  it("createRunIds() gives equal records distinct ids, the same in any order of the file", () => {
    const texts = ["a", "b", "a", "c", "a"];
    const ids = texts.map(createRunIds("w"));
    expect(new Set(ids).size).toBe(5);
    expect([...texts].reverse().map(createRunIds("w")).sort()).toEqual([...ids].sort());
  });

  it("createRunIds() tells workflows apart", () => {
    expect(createRunIds("v")("a")).not.toBe(createRunIds("w")("a"));
  });
});

describe("learnCellTypes()", () => {
  const record = (cell: string): FileRecord => ({ kind: "record", line: 1, columns: { c: cell }, text: "" });
  const cases = [
    { why: "numbers", cells: ["1", "-2.50", "", "3e2"], type: "number" },
    { why: "booleans", cells: ["true", "False"], type: "boolean" },
    { why: "postcodes with leading zeros as text", cells: ["1", "01067"], type: "text" },
    { why: "long ids as text, since they would lose digits", cells: ["12345678901234567890"], type: "text" },
    { why: "nothing at all as text", cells: ["", " "], type: "text" },
  ];
  it.each(cases)("learnCellTypes() takes $why", ({ cells, type }) => {
    expect(learnCellTypes(cells.map(record), ["c"]).get("c")).toBe(type);
  });
});

describe("mapByName()", () => {
  it("mapByName() places columns by their names and tells of the others", () => {
    const header = [
      "input.text",
      "output.vendor.name",
      "started_at",
      "review.verdict",
      "review.output.vendor",
      "outcome.won",
      "attribute.team",
      "noise",
      "input.",
    ];
    const { map, unused } = mapByName(header);
    expect(map).toEqual({
      inputs: { text: "input.text" },
      outputs: { "vendor.name": "output.vendor.name" },
      started_at: "started_at",
      review: { verdict: "review.verdict", output: { vendor: "review.output.vendor" } },
      outcomes: { won: "outcome.won" },
      attributes: { team: "attribute.team" },
    });
    expect(unused).toEqual(["noise", "input."]);
    expect(
      columnsOf(map)
        .map(({ column }) => column)
        .sort(),
    ).toEqual(header.slice(0, 7).sort());
  });
});

describe("createToRun()", () => {
  const map = columnMapSchema.parse({
    run_id: "Id",
    started_at: "When",
    status: "State",
    confidence: "Sure",
    version: { value: "v12" },
    inputs: ["Subject"],
    outputs: {
      "vendor.name": "Vendor",
      amount: { column: "Amount", type: "number" },
      tags: { column: "Tags", type: "json" },
    },
    attributes: { team: "Team" },
    review: { verdict: "Verdict", reviewer: "By", output: { amount: { column: "Fixed", type: "number" } } },
    outcomes: { won: { column: "Won", type: "boolean" } },
  });
  const row = {
    Id: "7",
    When: "2026-01-01",
    State: "Success",
    Sure: "0.9",
    Subject: "Hi",
    Vendor: "Acme",
    Amount: "12.50",
    Tags: '["a"]',
    Team: "",
    Verdict: "Corrected",
    By: "kim",
    Fixed: "13",
    Won: "TRUE",
  };

  it("createToRun() makes a run of a row", () => {
    expect(JSON.parse(JSON.stringify(createToRun(map, new Map())(row)))).toEqual({
      run_id: "7",
      started_at: "2026-01-01",
      status: "ok",
      confidence: 0.9,
      version: "v12",
      inputs: { Subject: "Hi" },
      outputs: { vendor: { name: "Acme" }, amount: 12.5, tags: ["a"] },
      attributes: {},
      reviews: [{ verdict: "edited", reviewer: "kim", output: { amount: 13 } }],
      outcomes: [{ name: "won", value: true }],
    });
  });

  it("createToRun() leaves out what a row does not say: review, outcome, numbers", () => {
    const bare = { ...row, Verdict: "", Won: "", Sure: "", Amount: "", Tags: "", Fixed: "" };
    const run = createToRun(map, new Map())(bare);
    expect(run).not.toHaveProperty("reviews");
    expect(run).not.toHaveProperty("outcomes");
    expect(run).not.toHaveProperty("confidence");
    expect(run.outputs).toMatchObject({ amount: null, tags: null });
  });

  it("createToRun() keeps a cell that is not of its column's type", () => {
    expect(createToRun(map, new Map())({ ...row, Amount: "a dozen" }).outputs).toMatchObject({
      amount: "a dozen",
    });
  });

  it.each([
    { why: "an unknown status", change: { State: "purple" }, message: "'status' must be ok or error" },
    { why: "a figure that is none", change: { Sure: "very" }, message: "'confidence' must be a number" },
    {
      why: "an unknown verdict",
      change: { Verdict: "hm" },
      message: "'review.verdict' must be approved, edited or rejected",
    },
  ])("createToRun() refuses $why, without repeating it", ({ change, message }) => {
    expect(() => createToRun(map, new Map())({ ...row, ...change })).toThrow(new RangeError(message).message);
  });

  it("createToRun() finds members of JSON by path, a whole name first", () => {
    const nested = columnMapSchema.parse({ outputs: { a: "result.a", b: "result.b" }, inputs: "request" });
    const run = createToRun(nested, null)({ result: { a: 1, b: 2 }, "result.b": 3, request: { q: [1] } });
    expect(run).toMatchObject({ outputs: { a: 1, b: 3 }, inputs: { q: [1] } });
  });

  it("createToRun() is not tripped by __proto__", () => {
    const hostile = columnMapSchema.parse({ outputs: { "__proto__.polluted": "x" } });
    createToRun(hostile, null)({ x: "yes" });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
