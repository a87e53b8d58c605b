import type { AutomationParts } from "./automation-parts.ts";
import { extractInvoice, extractionMs, invoiceVersion, invoiceWorkflow } from "./invoice-extraction.ts";
import { createDeck } from "./random.ts";
import type { InvoiceLine } from "./records.ts";

/** Builds the extraction automation, wrapped in `observe`, fed with one line at a time. */
export function createLiveExtraction({
  client,
  records,
  random,
  runClock,
}: AutomationParts): (atMs: number, headerRenamed: boolean) => void {
  const drawUsual = createDeck(records.invoiceLines, random);
  const drawRenamed = createDeck(records.renamedInvoiceLines, random);
  const extract = client.observe(
    (line: InvoiceLine) => {
      runClock.ms += extractionMs(random);
      return extractInvoice(line);
    },
    { workflow: invoiceWorkflow, ...invoiceVersion },
  );
  return (atMs, headerRenamed) => {
    runClock.ms = atMs;
    extract(headerRenamed ? drawRenamed() : drawUsual());
  };
}
