import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { createSpool } from "../../../src/collector/spool.ts";
import { systemClock } from "../../../src/model/clock.ts";
import { linesOf, runRow } from "../../conformance/rows.ts";
import { createRandom, type Random } from "../../fuzz/random.ts";

const segments = 4;
const recordsPerSegment = 3;

const newFolder = () => mkdtempSync(join(tmpdir(), "evenkeel-spool-damage-"));

async function open(dir: string) {
  let damaged = 0;
  const spool = await createSpool({
    dir,
    bytesMax: 1 << 30,
    segmentAgeMsMax: 1 << 30,
    idsMax: 10_000,
    clock: systemClock,
    log: pino({ level: "silent" }),
    meters: { runsReceived: { inc() {} }, dropped: { inc: (_labels, spans = 1) => void (damaged += spans) } },
  });
  return { spool, damaged: () => damaged };
}

/** Everything that a spool hands out; what it holds must be readable to the last row. */
async function drain(dir: string): Promise<{ ids: string[]; damaged: number }> {
  const { spool, damaged } = await open(dir);
  const ids: string[] = [];
  while (spool.size().bytes > 0) {
    const segment = await spool.next();
    if (segment === null) break;
    const rows = await segment.read();
    for (const { ndjson } of rows.tables)
      for (const line of linesOf(ndjson)) ids.push((JSON.parse(line) as { run_id: string }).run_id);
    await segment.confirm(rows);
  }
  await spool.close();
  return { ids, damaged: damaged() };
}

const harms: { why: string; harm: (bytes: Buffer, random: Random) => Buffer }[] = [
  {
    why: "a flipped bit",
    harm(bytes, random) {
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    },
  },
  { why: "a cut", harm: (bytes, random) => bytes.subarray(0, random.below(bytes.length)) },
  {
    why: "a page of zeros",
    harm(bytes, random) {
      const at = random.below(bytes.length);
      return bytes.fill(0, at, Math.min(bytes.length, at + 512));
    },
  },
  { why: "rubbish behind the end", harm: (bytes, random) => Buffer.concat([bytes, random.bytes(700)]) },
];

describe("createSpool() on a folder with", () => {
  let sound: string;
  const all: string[] = [];
  // Some segments that wait, ids that have left, and a run that is held.
  beforeAll(async () => {
    sound = newFolder();
    const { spool } = await open(sound);
    for (let segment = 0; segment < segments; segment++) {
      for (let record = 0; record < recordsPerSegment; record++) {
        const id = `run-${segment}-${record}`;
        await spool.append({ runs: [runRow({ run_id: id, inputs: "x".repeat(300) })] }, [id]);
        if (segment > 0) all.push(id);
      }
      await spool.rotate();
    }
    const first = await spool.next();
    await first?.confirm(await first.read());
    await spool.pendingLog.append([{ run: { traceId: "t" } as never, sinceMs: 1 }]);
    await spool.close();
  });

  it.each(harms)(
    "$why in any file loses no more than what it hit, and says so",
    async ({ harm }) => {
      const random = createRandom(3);
      const files = readdirSync(sound).toSorted();
      const newest = files.filter((name) => name.endsWith(".seg")).at(-1);
      for (let round = 0; round < 15; round++) {
        const dir = newFolder();
        cpSync(sound, dir, { recursive: true });
        const file = random.pick(files);
        const path = join(dir, file);
        const before = readFileSync(path);
        writeFileSync(path, harm(Buffer.from(before), random));
        const { ids, damaged } = await drain(dir);
        const lost = all.filter((id) => !ids.includes(id));
        const isTail = file === newest;
        expect([round, file, new Set(ids).size]).toEqual([round, file, ids.length]);
        expect([round, file, lost.length <= recordsPerSegment]).toEqual([round, file, true]);
        // The end of the newest segment may have been on its way when the process died: it is cut and not reported.
        if (lost.length > 0 && !isTail)
          expect([round, damaged > 0, existsSync(join(dir, "quarantine"))]).toEqual([round, true, true]);
        expect((await drain(dir)).ids).toEqual([]);
        rmSync(dir, { recursive: true });
      }
    },
    60_000,
  );
});
