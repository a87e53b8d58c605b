import { describe, expect, it } from "vitest";
import { readCatalogueValues } from "../../../src/collector/catalogue-values.ts";
import { type CatalogueSource, createCatalogues } from "../../../src/collector/catalogues.ts";
import { minuteMs } from "../../../src/model/clock.ts";
import { TransientError } from "../../../src/model/errors.ts";
import { SettableClock } from "./harness.ts";

describe("readCatalogueValues()", () => {
  const good = [
    { why: "a value on each line", text: "\uFEFFA-1\r\n\r\n A-2 \n", at: "", values: ["A-1", "A-2"] },
    { why: "a JSON list", text: ' ["A-1", 7, true, null, {"x": 1}]', at: "", values: ["A-1", "7", "true"] },
    {
      why: "a path through lists",
      text: '{"items": [{"sku": "A-1"}, {"sku": "A-2"}, {}]}',
      at: "items[].sku",
      values: ["A-1", "A-2"],
    },
    {
      why: "a path that begins with a list",
      text: '[{"sku": 1}, {"sku": 2}]',
      at: "[].sku",
      values: ["1", "2"],
    },
    { why: "a path to a list", text: '{"skus": ["A-1"]}', at: "skus", values: ["A-1"] },
    {
      why: "a column of a CSV file",
      text: 'name,sku\n"a, b",A-1\nc,A-2\n',
      at: "sku",
      values: ["A-1", "A-2"],
    },
  ];
  it.each(good)("reads $why", ({ text, at, values }) => {
    expect([...readCatalogueValues(text, at)]).toEqual(values);
  });

  const bad = [
    {
      why: "an empty text, which would break every run",
      text: " \n",
      at: "",
      says: "must hold a value, got none",
    },
    { why: "a path that leads nowhere", text: '{"a": 1}', at: "b[].c", says: "must hold a value, got none" },
    { why: "JSON that was cut off", text: '["A-1", "A', at: "", says: "must be JSON" },
    { why: "a column that is not there", text: "a,b\n1,2\n", at: "sku", says: "must name column 'sku'" },
    {
      why: "more values than a list has",
      text: Array.from({ length: 500_001 }, (_, index) => index).join("\n"),
      at: "",
      says: "at most 500000 values",
    },
  ];
  it.each(bad)("refuses $why", ({ text, at, says }) => {
    expect(() => readCatalogueValues(text, at)).toThrow(says);
  });
});

describe("createCatalogues()", () => {
  const source: CatalogueSource = { url: "", file: "f", values_at: "", token: "", refresh_minutes: 15 };

  function build(cached: string | null = null) {
    const clock = new SettableClock(Date.UTC(2026, 10, 20, 9));
    const given = { text: "A-1\n", isAway: false, reads: 0, saved: [] as string[], source };
    const catalogues = createCatalogues({
      sources: () => ({ skus: given.source }),
      read: async () => {
        given.reads += 1;
        if (given.isAway) throw new TransientError("Cannot read the address: it answered 503");
        return given.text;
      },
      cache: {
        load: () => (cached === null ? null : { text: cached, readAtMs: 1 }),
        save: (_name, text) => void given.saved.push(text),
      },
      clock,
    });
    const values = () => [...(catalogues.values("skus") ?? [])];
    return { catalogues, clock, given, values };
  }

  it("reads at once, and again when it is due, and keeps what changed", async () => {
    const { catalogues, clock, given, values } = build();
    expect(catalogues.values("skus")).toBeNull();
    await catalogues.refresh();
    await catalogues.refresh();
    clock.timeMs += 15 * minuteMs;
    await catalogues.refresh();
    expect([given.reads, given.saved.length]).toEqual([2, 1]);
    given.text = "A-2\n";
    clock.timeMs += 15 * minuteMs;
    await catalogues.refresh();
    expect([values(), given.saved.length]).toEqual([["A-2"], 2]);
  });

  it("keeps the last good values while the source is away, says so, and asks again in a minute", async () => {
    const { catalogues, clock, given, values } = build();
    await catalogues.refresh();
    given.isAway = true;
    clock.timeMs += 15 * minuteMs;
    await catalogues.refresh();
    expect(values()).toEqual(["A-1"]);
    expect(catalogues.states()).toMatchObject([{ name: "skus", values: 1 }]);
    expect(catalogues.states()[0]?.fault).toContain("503");
    given.isAway = false;
    clock.timeMs += minuteMs;
    await catalogues.refresh();
    expect(catalogues.states()).toMatchObject([{ fault: "" }]);
  });

  it("keeps the last good values when the source turns to nonsense", async () => {
    const { catalogues, clock, given, values } = build();
    await catalogues.refresh();
    given.text = "";
    clock.timeMs += 15 * minuteMs;
    await catalogues.refresh();
    expect(values()).toEqual(["A-1"]);
    expect(catalogues.states()[0]?.fault).toContain("got none");
  });

  it("starts from what was kept before, while the source is away", async () => {
    const { catalogues, given, values } = build("A-9\n");
    given.isAway = true;
    await catalogues.refresh();
    expect(values()).toEqual(["A-9"]);
  });

  it("follows a source that was configured anew", async () => {
    const { catalogues, given, values } = build();
    await catalogues.refresh();
    given.source = { ...source, file: "g" };
    given.text = "B-1\n";
    await catalogues.refresh();
    expect(values()).toEqual(["B-1"]);
  });

  it("has no values under a name that nobody configured", () => {
    expect(build().catalogues.values("constructor")).toBeNull();
  });
});
