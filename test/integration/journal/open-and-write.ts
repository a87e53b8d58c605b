// Holds the journal named by the first argument and writes rising numbers, printing each once it is durable.
import pino from "pino";
import { openJournal } from "../../../src/journal/open-journal.ts";

const journal = openJournal({ path: process.argv[2] ?? "", log: pino({ level: "silent" }) });
let n = Number(journal.meta.get("written") ?? 0);

function writeNext(): void {
  n += 1;
  journal.meta.set("written", String(n));
  process.stdout.write(`${n}\n`, () => setImmediate(writeNext));
}

writeNext();
