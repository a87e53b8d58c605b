import { describe, expect, it } from "vitest";
import { type DataMap, hasDataMap, unmappedSources } from "../../../src/model/data-map.ts";

const map: DataMap = {
  reads: [{ kind: "api", name: "ERP", account: "erp-ro", steps: ["lookup_vendor"] }],
  writes: [{ kind: "table", name: "ledger", account: "", steps: [] }],
};
const seen = (step: string, source = "") => ({ step, source, calls: 1, lastMs: 0 });

describe("unmappedSources()", () => {
  it.each([
    { why: "a source under its name, in any case", one: seen("x", "erp") },
    { why: "a step that an entry lists", one: seen("Lookup_Vendor", "somewhere") },
    { why: "a tool that bears the name of an entry", one: seen("ledger") },
  ])("takes $why for mapped", ({ one }) => expect(unmappedSources(map, [one])).toEqual([]));

  it.each([
    { why: "a source that no entry names", one: seen("x", "crm") },
    { why: "another source behind a step of the same name as an entry", one: seen("erp", "crm") },
    { why: "a tool that nobody named", one: seen("send_mail") },
  ])("flags $why", ({ one }) => expect(unmappedSources(map, [one])).toEqual([one]));
});

describe("hasDataMap()", () => {
  it("is false where nothing was written down", () => {
    expect(hasDataMap({ reads: [], writes: [] })).toBe(false);
    expect(hasDataMap(map)).toBe(true);
  });
});
