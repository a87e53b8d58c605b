import { beforeAll, describe, expect, it } from "vitest";
import { extractInvoice } from "../../../src/demo/invoice-extraction.ts";
import { createDeck, createRandom } from "../../../src/demo/random.ts";
import { type Records, readRecords } from "../../../src/demo/records.ts";
import { editedShare, reviewTriage } from "../../../src/demo/review.ts";
import { callModel, categoryOf, prompts } from "../../../src/demo/ticket-triage.ts";
import { arrivals, runsPerDay } from "../../../src/demo/traffic.ts";
import { dayMs } from "../../../src/model/clock.ts";

let records: Records;

beforeAll(async () => {
  records = await readRecords();
});

function shares(values: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1 / values.length;
  return counts;
}

describe("readRecords()", () => {
  it("readRecords() finds the whole of both sources", () => {
    expect(records.tickets).toHaveLength(3080);
    expect(records.invoiceLines).toHaveLength(1405 + 1661);
    expect(records.renamedInvoiceLines).toHaveLength(2026);
  });

  it("readRecords() gives the renamed lines three other names, and no other difference", () => {
    const usual = Object.keys(records.invoiceLines[0]!);
    const renamed = Object.keys(records.renamedInvoiceLines[0]!);
    expect(usual.filter((name) => !renamed.includes(name))).toEqual([
      "Payment Date",
      "Transaction No.",
      "Net amount",
    ]);
    expect(renamed.filter((name) => !usual.includes(name))).toEqual([
      "Payment date",
      "TransNo",
      "Net Amount",
    ]);
  });
});

describe("extractInvoice()", () => {
  it("extractInvoice() fills every field of nearly every usual line", () => {
    for (const field of [
      "supplier",
      "category",
      "service",
      "payment_date",
      "transaction_no",
      "net_amount",
    ] as const) {
      const nulls = records.invoiceLines.filter((line) => extractInvoice(line)[field] === null).length;
      expect(nulls / records.invoiceLines.length, field).toBeLessThan(0.01);
    }
  });

  it("extractInvoice() leaves the three renamed fields null in every line, and no other", () => {
    for (const line of records.renamedInvoiceLines) {
      const { supplier, category, service, ...rest } = extractInvoice(line);
      expect(rest).toEqual({ payment_date: null, transaction_no: null, net_amount: null });
      expect([supplier, category, service]).not.toContain(null);
    }
  });

  it("extractInvoice() reads an amount with a thousands separator", () => {
    expect(extractInvoice({ "Net amount": "-1,083.17" }).net_amount).toBe(-1083.17);
  });
});

describe("callModel()", () => {
  function categoriesUnder(prompt: string): Record<string, number> {
    const random = createRandom(1);
    return shares(records.tickets.map((ticket) => callModel(prompt, ticket, random).triage.category));
  }

  it("callModel() sorts the messages into ten categories, none of them rare or dominant", () => {
    const mix = shares(records.tickets.map(({ intent }) => categoryOf(intent)));
    expect(Object.keys(mix)).toHaveLength(10);
    for (const [category, share] of Object.entries(mix)) {
      expect(share, category).toBeGreaterThan(0.02);
      expect(share, category).toBeLessThan(0.3);
    }
  });

  it("callModel() answers general far more often under the new prompt", () => {
    expect(categoriesUnder(prompts.before).general).toBeLessThan(0.1);
    expect(categoriesUnder(prompts.after).general).toBeGreaterThan(0.4);
  });

  it("callModel() changes nothing but the category with the prompt", () => {
    const [before, after] = [prompts.before, prompts.after].map((prompt) => {
      const random = createRandom(1);
      return records.tickets.map((ticket) => {
        const call = callModel(prompt, ticket, random);
        return { ...call, triage: { ...call.triage, category: "" } };
      });
    });
    expect(after).toEqual(before);
  });
});

describe("reviewTriage()", () => {
  it.each(Object.entries(editedShare))(
    "reviewTriage() edits the share of %s, and only the priority",
    (_when, share) => {
      const random = createRandom(2);
      const triage = { category: "cash", priority: "high", reply: "…" };
      const reviews = Array.from({ length: 5000 }, () => reviewTriage(triage, share, random));
      const edited = reviews.filter(({ verdict }) => verdict === "edited");
      expect(edited.length / reviews.length).toBeCloseTo(share, 1);
      for (const { output } of edited) expect({ ...output, priority: "high" }).toEqual(triage);
    },
  );
});

describe("arrivals()", () => {
  const monday = Date.UTC(2026, 0, 5);

  it("arrivals() brings the promised number of runs a week, in order", () => {
    const times = [...arrivals(monday, monday + 28 * dayMs, createRandom(3))];
    expect(times.length / 28).toBeGreaterThan(runsPerDay * 0.97);
    expect(times.length / 28).toBeLessThan(runsPerDay * 1.03);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(monday);
  });

  it("arrivals() is quieter at night and on Sundays", () => {
    const times = [...arrivals(monday, monday + 28 * dayMs, createRandom(3))].map((ms) => new Date(ms));
    const count = (test: (time: Date) => boolean): number => times.filter(test).length;
    expect(count((t) => t.getUTCHours() === 3)).toBeLessThan(count((t) => t.getUTCHours() === 10) * 0.7);
    expect(count((t) => t.getUTCDay() === 0)).toBeLessThan(count((t) => t.getUTCDay() === 1) * 0.85);
  });
});

describe("createDeck()", () => {
  it("createDeck() draws every item once before any comes again", () => {
    const draw = createDeck([1, 2, 3, 4], createRandom(4));
    const passes = [0, 1, 2].map(() => [draw(), draw(), draw(), draw()]);
    for (const pass of passes) expect([...pass].sort()).toEqual([1, 2, 3, 4]);
  });
});
