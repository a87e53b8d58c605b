/**
 * Appends to a spool in a process whose files may not grow past a limit (`ulimit -f`), which is how a full disk looks
 * to it: a write that stops half way, then one that fails. Prints what was kept and what was refused, by id.
 *
 * Environment: DIR.
 */
import { pino } from "pino";
import { createSpool } from "../../src/collector/spool.ts";
import { systemClock } from "../../src/model/clock.ts";
import { TransientError } from "../../src/model/errors.ts";
import { runRow } from "../conformance/rows.ts";

const kept: string[] = [];
const refused: string[] = [];
const meters = { runsReceived: { inc() {} }, dropped: { inc() {} } };
const spool = await createSpool({
  dir: process.env.DIR ?? "",
  bytesMax: 1 << 30,
  segmentAgeMsMax: 1 << 30,
  clock: systemClock,
  log: pino({ level: "silent" }),
  meters,
});

async function append(id: string, characters: number): Promise<void> {
  try {
    await spool.append({ runs: [runRow({ run_id: id, inputs: "x".repeat(characters) })] }, [id]);
    kept.push(id);
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    refused.push(id);
  }
}

for (let i = 0; i < 12; i++) await append(`large-${i}`, 10_000);
// The tail of the refused is cut, so that what is small enough goes where they began.
await append("small", 10);
await spool.rotate();
await append("after", 10_000);
// The last two go in one write, which stops in the second. The first is whole in the file, and refused all the same.
await Promise.all([append("before", 10), append("beside", 10), append("too-large", 100_000)]);
await spool.close();
process.stdout.write(`${JSON.stringify({ kept, refused })}\n`);
