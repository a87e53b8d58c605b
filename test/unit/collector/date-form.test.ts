import { describe, expect, it } from "vitest";
import { dateForm } from "../../../src/collector/date-form.ts";

describe("dateForm()", () => {
  it.each([
    ["2026-11-20", "date YYYY-00-00"],
    ["2026-11", "date YYYY-00"],
    ["2026-W47", "date YYYY-W00"],
    ["2026-11-20T09:12:44.120Z", "date YYYY-00-00T00:00:00.00Z"],
    ["20/11/2026", "date 00/00/YYYY"],
    ["1.2.2026", "date 00.00.YYYY"],
    ["3/8/26", "date 00/00/00"],
    ["3 Aug 2026", "date 00 Mon YYYY"],
    ["13 August 2026", "date 00 Mon YYYY"],
    ["Mon, 3 Aug 2026 09:12", "date Day, 00 Mon YYYY 00:00"],
    ["August 3rd, 2026", "date Mon 00th, YYYY"],
    ["Nov 2026", "date Mon YYYY"],
  ])("%s has the form %s", (text, form) => {
    expect(dateForm(text)).toBe(form);
  });

  it.each([
    "billing",
    "Model 2024",
    "1.2.10",
    "2026.1.3",
    "2026",
    "INV-2026-11",
    "2026-11-20 shipped",
    "v2-2026-13",
  ])("%s is no date", (text) => {
    expect(dateForm(text)).toBeNull();
  });
});
