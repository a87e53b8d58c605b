import { normal, type Random } from "./random.ts";
import type { InvoiceLine } from "./records.ts";

/** What the extractor makes of one line. */
export interface Invoice {
  supplier: string | null;
  category: string | null;
  service: string | null;
  payment_date: string | null;
  transaction_no: string | null;
  net_amount: number | null;
}

/** The workflow's name. */
export const invoiceWorkflow = "invoice-extraction";

/** What was deployed. */
export const invoiceVersion = { codeRevision: "9f31c02" };

/**
 * Reads one line of the council's payments file by the column names of May and June 2015. A column that is
 * not there is null, and nothing fails: the fault of the demo is the file's, not the code's.
 */
export function extractInvoice(line: InvoiceLine): Invoice {
  return {
    supplier: cell(line, "Supplier Name"),
    category: cell(line, "Expenditure Category"),
    service: cell(line, "Service Label"),
    payment_date: cell(line, "Payment Date"),
    transaction_no: cell(line, "Transaction No."),
    net_amount: amount(cell(line, "Net amount")),
  };
}

function cell(line: InvoiceLine, name: string): string | null {
  const text = line[name]?.trim();
  return text === undefined || text === "" ? null : text;
}

function amount(text: string | null): number | null {
  const value = text === null ? Number.NaN : Number(text.replaceAll(",", ""));
  return Number.isFinite(value) ? value : null;
}

/** How long an extraction takes, in milliseconds. */
export function extractionMs(random: Random): number {
  return Math.round(45 * Math.exp(0.3 * normal(random)));
}
