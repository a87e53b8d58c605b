import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";

/** A customer's message with what it is really about. */
export interface Ticket {
  text: string;
  intent: string;
}

/** One line of an upstream file, keyed by that file's header. */
export type InvoiceLine = Record<string, string>;

/** The real records that the demo replays. */
export interface Records {
  tickets: Ticket[];
  /** Lines under the header that the extractor was written for. */
  invoiceLines: InvoiceLine[];
  /** Lines of the month in which someone renamed three columns. */
  renamedInvoiceLines: InvoiceLine[];
}

const folder = new URL("../../demo/data/", import.meta.url);

/** Reads the records from `demo/data`; see the README there for source and licence. */
export async function readRecords(): Promise<Records> {
  const [messages, may, june, july] = await Promise.all(
    ["banking77-test", "harrogate-2015-05", "harrogate-2015-06", "harrogate-2015-07"].map(readCsv),
  );
  const tickets = (messages ?? []).map(({ text = "", category = "" }) => ({ text, intent: category }));
  return {
    tickets,
    invoiceLines: [...(may ?? []), ...(june ?? [])],
    renamedInvoiceLines: july ?? [],
  };
}

async function readCsv(name: string): Promise<Record<string, string>[]> {
  const bytes = await readFile(new URL(`${name}.csv.gz`, folder));
  return parse(gunzipSync(bytes), { columns: true });
}
