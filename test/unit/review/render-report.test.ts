import { describe, expect, it } from "vitest";
import type { ReportFigures } from "../../../src/review/gather-report.ts";
import { renderDigestLine, renderReport } from "../../../src/review/render-report.ts";

const totals = {
  runs: 200,
  errors: 4,
  brokenContracts: 6,
  tookMsMedian: 900,
  tookMsP95: 4200,
  costUsd: 1.5,
  tokens: 30_000,
};
const reviews = { reviewed: 40, overridden: 8, rejected: 2, all: 55, tookMsMedian: 12_000 };
const figures: ReportFigures = {
  workflow: "invoices",
  owner: "ana",
  fromMs: Date.UTC(2026, 10, 9),
  toMs: Date.UTC(2026, 10, 16),
  now: totals,
  before: { ...totals, runs: 100, errors: 0, brokenContracts: 0 },
  runsExpected: 160,
  failures: [{ cause: "TypeError", runs: 4 }],
  reviews,
  reviewsBefore: { ...reviews, reviewed: 0, overridden: 0, rejected: 0 },
  reasons: [{ cause: "missing value", runs: 5 }],
  corrected: [{ field: "output.vendor", corrected: 6, reviewed: 40 }],
  agreement: { runs: 10, agreed: 9 },
  incidents: [],
  changes: [],
  dataMap: { reads: [], writes: [] },
  unmapped: [],
};

describe("renderReport()", () => {
  it("tells this time beside the time before, with nothing made up where nothing was seen", () => {
    const report = renderReport(figures);
    for (const line of [
      "# `invoices`: 2026-11-09 to 2026-11-16",
      "| Runs | 200 | 100 |",
      "| Runs compared with what is usual | 1.25 times | – |",
      "| Exceptions (errors and broken contracts) | 5.0 % | 0.0 % |",
      "| Overrides | 20.0 % | – |",
      "| Rework (edited by a person) | 15.0 % | – |",
      "| Cycle time, median | 900 ms | 900 ms |",
      "| Cost | $1.50 | $1.50 |",
      "| Tokens | 30,000 | 30,000 |",
      "| `TypeError` | 4 |",
      "| `output.vendor` | 6 | 15.0 % |",
      "Two people agreed on 90.0 % of 10 runs.",
    ]) {
      expect(report).toContain(line);
    }
  });

  it("has no row of tokens where none were ever sent, and one where they are no longer", () => {
    const none = { ...totals, tokens: 0 };
    expect(renderReport({ ...figures, now: none, before: none })).not.toContain("| Tokens");
    expect(renderReport({ ...figures, now: none })).toContain("| Tokens | 0 | 30,000 |");
  });

  it("tells what is read and written, and what steps name beyond that", () => {
    expect(renderReport(figures)).toContain("**This workflow has no data map.**");
    const mailbox = { kind: "mailbox", name: "invoices@", account: "svc-mail", steps: [] } as const;
    const report = renderReport({
      ...figures,
      dataMap: { reads: [mailbox], writes: [{ ...mailbox, kind: "table", name: "ledger", account: "" }] },
      unmapped: [{ step: "lookup", source: "crm", calls: 1200, lastMs: 0 }],
    });
    expect(report).toContain("- reads mailbox `invoices@` as `svc-mail`");
    expect(report).toContain("- writes table `ledger` (no account named)");
    expect(report).toContain("- **not in the map**: `crm`, named by step `lookup` in 1,200 calls");
  });

  it("counts one of a thing as one, in the report and in the digest", () => {
    const one = {
      ...figures,
      now: { ...totals, runs: 1 },
      reviews: { ...reviews, all: 1 },
      agreement: { runs: 1, agreed: 1 },
      unmapped: [{ step: "lookup", source: "crm", calls: 1, lastMs: 0 }],
    };
    expect(renderDigestLine(one)).toMatch(/^1 run \(100 the week before\)/);
    for (const words of ["1 review, ", "of 1 run.", "in 1 call\n"])
      expect(renderReport(one)).toContain(words);
  });

  it("says loudly that nobody owns a workflow", () => {
    expect(renderReport({ ...figures, owner: "" })).toContain("**Nobody owns this workflow.**");
  });

  it("keeps hostile names inside their cell and out of the markup", () => {
    const cause = "a|b`c\n# heading [x](javascript:alert(1))";
    const report = renderReport({ ...figures, owner: "<b>*x*</b>", failures: [{ cause, runs: 1 }] });
    expect(report).toContain("| `a b c # heading [x](javascript:alert(1))` | 1 |");
    expect(report).not.toMatch(/^# heading/m);
    expect(report).not.toContain("<b>");
  });
});
