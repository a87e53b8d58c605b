import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { readSegment, segmentHeader } from "../../../src/collector/segment-format.ts";
import type { SealedSegment } from "../../../src/collector/segment-queue.ts";
import { holdsSegments } from "../../../src/collector/spool-recovery.ts";
import { createSpool, type Spool, type SpoolOptions } from "../../../src/collector/spool.ts";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import type { Ndjson } from "../../../src/model/rows.ts";
import { linesOf, runRow } from "../../conformance/rows.ts";

const open: Spool[] = [];
afterEach(async () => {
  for (const spool of open.splice(0)) await spool.close();
});

function newDir(): string {
  return mkdtempSync(join(tmpdir(), "evenkeel-spool-"));
}

async function openSpool(options: Partial<SpoolOptions> = {}) {
  const counts = { received: 0, dropped: 0 };
  const time = { nowMs: 1000 };
  const spool = await createSpool({
    dir: newDir(),
    bytesMax: 1 << 30,
    // Tests rotate by hand.
    segmentAgeMsMax: 1 << 30,
    clock: { nowMs: () => time.nowMs },
    log: pino({ level: "silent" }),
    meters: {
      runsReceived: { inc: (_labels, value = 1) => void (counts.received += value) },
      dropped: { inc: (_labels, value = 1) => void (counts.dropped += value) },
    },
    ...options,
  });
  open.push(spool);
  return { spool, counts, time };
}

/** What a process leaves behind that is killed now. */
function killed(dir: string): string {
  const copy = newDir();
  cpSync(dir, copy, { recursive: true });
  return copy;
}

const batch = (id: string) => ({ runs: [runRow({ run_id: id })] });

function segmentFiles(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith(".seg"))
    .sort()
    .map((name) => join(dir, name));
}

function idsOnDisk(dir: string): string[] {
  return segmentFiles(dir).flatMap((path) =>
    readSegment(readFileSync(path)).records.flatMap((record) => idsOf(record.sections[0]?.ndjson)),
  );
}

function idsOf(ndjson: Ndjson | undefined): string[] {
  return linesOf(ndjson ?? []).map((line) => (JSON.parse(line) as { run_id: string }).run_id);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

async function take(spool: Spool): Promise<SealedSegment> {
  const segment = await spool.next();
  if (segment === null) throw new Error("The spool was closed");
  return segment;
}

describe("spool.append()", () => {
  it("resolves once the rows are in the file", async () => {
    const dir = newDir();
    const { spool } = await openSpool({ dir });
    await Promise.all(["a", "b", "c"].map((id) => spool.append(batch(id), [id])));
    expect(idsOnDisk(dir)).toEqual(["a", "b", "c"]);
  });

  it("rejects with TransientError when full, and takes rows again once the store has confirmed", async () => {
    const { spool } = await openSpool({ bytesMax: 500 });
    await spool.append(batch("a"), ["a"]);
    await expect(spool.append(batch("b"), ["b"])).rejects.toBeInstanceOf(TransientError);
    await spool.rotate();
    const segment = await take(spool);
    await segment.confirm(await segment.read());
    await spool.append(batch("b"), ["b"]);
    expect(spool.size()).toMatchObject({ runs: 1 });
  });

  it("rejects once the spool is closed, and keeps what was under way", async () => {
    const dir = newDir();
    const { spool } = await openSpool({ dir });
    const underWay = spool.append(batch("a"), ["a"]);
    const closed = spool.close();
    await expect(spool.append(batch("b"), ["b"])).rejects.toBeInstanceOf(TransientError);
    await Promise.all([underWay, closed]);
    expect(idsOnDisk(dir)).toEqual(["a"]);
    open.length = 0;
  });

  it("resolves for an empty batch after what was appended before it", async () => {
    const dir = newDir();
    const { spool } = await openSpool({ dir });
    void spool.append(batch("a"), ["a"]);
    await spool.append({}, []);
    expect(idsOnDisk(dir)).toEqual(["a"]);
  });
});

describe("spool.next()", () => {
  it("hands out sealed segments, oldest first, with their rows by table", async () => {
    const { spool } = await openSpool({ segmentBytesMax: 1 });
    await spool.append(batch("a"), ["a"]);
    await spool.append({ ...batch("b"), rejects: [] }, ["b"]);
    const [first, second] = [await take(spool), await take(spool)];
    expect(first.id < second.id).toBe(true);
    expect(idsOf((await first.read()).tables[0]?.ndjson)).toEqual(["a"]);
    expect((await second.read()).tables.map(({ table, rows }) => [table, rows])).toEqual([["runs", 1]]);
  });

  it("hands out a segment once it is old, however small", async () => {
    const { spool } = await openSpool({ segmentAgeMsMax: 1 });
    await spool.append(batch("a"), ["a"]);
    expect(idsOf((await (await take(spool)).read()).tables[0]?.ndjson)).toEqual(["a"]);
  });

  it("answers null once the spool is closed", async () => {
    const { spool } = await openSpool();
    const waiting = spool.next();
    await spool.close();
    open.length = 0;
    expect([await waiting, await spool.next()]).toEqual([null, null]);
  });
});

describe("spool.drainedThroughMs()", () => {
  it("is now when idle, and the oldest unconfirmed acceptance otherwise", async () => {
    const { spool, time } = await openSpool();
    expect(spool.drainedThroughMs()).toBe(1000);
    time.nowMs = 2000;
    const underWay = spool.append(batch("a"), ["a"]);
    time.nowMs = 3000;
    expect(spool.drainedThroughMs()).toBe(2000);
    await underWay;
    await spool.append(batch("b"), ["b"]);
    await spool.rotate();
    time.nowMs = 4000;
    await spool.append(batch("c"), ["c"]);
    expect(spool.drainedThroughMs()).toBe(2000);
    expect(spool.size()).toMatchObject({ runs: 3, ageMs: 2000 });
    const first = await take(spool);
    await first.confirm(await first.read());
    expect(spool.drainedThroughMs()).toBe(4000);
    await spool.rotate();
    const second = await take(spool);
    time.nowMs = 9000;
    await second.confirm(await second.read());
    expect(spool.drainedThroughMs()).toBe(9000);
    await spool.drained();
  });
});

describe("createSpool()", () => {
  it("finds rows and ids of an earlier life that ended without a word", async () => {
    const dir = newDir();
    const first = await openSpool({ dir });
    await first.spool.append(batch("a"), ["a"]);
    await first.spool.rotate();
    await first.spool.append(batch("b"), ["b"]);
    const { spool, counts } = await openSpool({ dir: killed(dir) });
    expect(counts).toEqual({ received: 2, dropped: 0 });
    expect([spool.seenIds.claim("a"), spool.seenIds.claim("b"), spool.seenIds.claim("c")]).toEqual([
      false,
      false,
      true,
    ]);
    expect(spool.drainedThroughMs()).toBe(1000);
    const segments = [await take(spool), await take(spool)];
    const ids = await Promise.all(
      segments.map(async (segment) => idsOf((await segment.read()).tables[0]?.ndjson)),
    );
    expect(ids).toEqual([["a"], ["b"]]);
  });

  it("remembers ids that have left the spool", async () => {
    const dir = newDir();
    const first = await openSpool({ dir, segmentBytesMax: 1, idsMax: 8 });
    for (let i = 0; i < 20; i++) {
      await first.spool.append(batch(`id-${i}`), [`id-${i}`]);
      const segment = await take(first.spool);
      await segment.confirm(await segment.read());
    }
    expect(idsOnDisk(dir)).toEqual([]);
    expect(readdirSync(dir).filter((name) => name.endsWith(".ids")).length).toBeLessThanOrEqual(2);
    const { spool } = await openSpool({ dir: killed(dir), idsMax: 8 });
    for (let i = 16; i < 20; i++) expect(spool.seenIds.claim(`id-${i}`)).toBe(false);
  });

  it("cuts a torn tail without counting it as damage", async () => {
    const dir = newDir();
    const first = await openSpool({ dir });
    await first.spool.append(batch("a"), ["a"]);
    await first.spool.append(batch("b"), ["b"]);
    const left = killed(dir);
    const [path = ""] = segmentFiles(left);
    truncateSync(path, readFileSync(path).length - 1);
    const { spool, counts } = await openSpool({ dir: left });
    expect(counts).toEqual({ received: 1, dropped: 0 });
    expect(spool.seenIds.claim("b")).toBe(true);
    expect(readSegment(readFileSync(path)).damaged).toEqual([]);
  });

  it("cuts a torn tail before a segment that was made ahead, and tells such a one from one with rows", async () => {
    const dir = newDir();
    const first = await openSpool({ dir, segmentBytesMax: 2000 });
    await first.spool.append(batch("a"), ["a"]);
    await first.spool.append(batch("b"), ["b"]);
    await until(() => segmentFiles(dir).length === 2);
    const left = killed(dir);
    const [path = "", ahead = ""] = segmentFiles(left);
    truncateSync(path, readFileSync(path).length - 1);
    const { spool, counts } = await openSpool({ dir: left });
    expect(counts).toEqual({ received: 1, dropped: 0 });
    expect([spool.seenIds.claim("a"), spool.seenIds.claim("b")]).toEqual([false, true]);
    expect(segmentFiles(left)).toEqual([path]);
    expect(holdsSegments(left)).toBe(true);
    cpSync(segmentFiles(dir)[1] ?? "", ahead);
    truncateSync(path, 0);
    expect(holdsSegments(left)).toBe(false);
  });

  it("hands out no record that was refused and could not be cut", async () => {
    const dir = newDir();
    const { spool } = await openSpool({ dir });
    await spool.append(batch("a"), ["a"]);
    const [path = ""] = segmentFiles(dir);
    // A record that was refused is whole in the file where the write stopped behind it.
    appendFileSync(path, readFileSync(path).subarray(segmentHeader.length));
    expect(idsOnDisk(dir)).toEqual(["a", "a"]);
    await spool.rotate();
    const { tables } = await (await take(spool)).read();
    expect(tables.flatMap(({ ndjson }) => idsOf(ndjson))).toEqual(["a"]);
  });

  it("leaves no segment behind that was made ahead", async () => {
    const dir = newDir();
    const { spool } = await openSpool({ dir, segmentBytesMax: 1 });
    await spool.append(batch("a"), ["a"]);
    const segment = await take(spool);
    await segment.confirm(await segment.read());
    await spool.close();
    open.length = 0;
    expect(segmentFiles(dir)).toEqual([]);
  });

  it("quarantines a flipped bit once, and keeps its neighbours", async () => {
    const dir = newDir();
    const first = await openSpool({ dir });
    for (const id of ["a", "b", "c"]) await first.spool.append(batch(id), [id]);
    const left = killed(dir);
    const [path = ""] = segmentFiles(left);
    const bytes = readFileSync(path);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { spool, counts } = await openSpool({ dir: left });
    const segment = await take(spool);
    expect(idsOf((await segment.read()).tables[0]?.ndjson)).toEqual(["a", "c"]);
    expect(counts).toEqual({ received: 2, dropped: 1 });
    expect(readdirSync(join(left, "quarantine"))).toHaveLength(1);
  });

  it("refuses a folder that is open, and takes it once it was closed", async () => {
    const dir = newDir();
    const { spool } = await openSpool({ dir });
    await expect(openSpool({ dir })).rejects.toBeInstanceOf(PermanentError);
    await spool.close();
    open.length = 0;
    await openSpool({ dir });
  });

  it("starts on a folder full of rubbish", async () => {
    const dir = newDir();
    writeFileSync(join(dir, "000000000007-0123456789abcdef.seg"), "rubbish");
    writeFileSync(join(dir, "000000000008-0123456789abcdef.seg"), "");
    writeFileSync(join(dir, "seen-00000001.ids"), "12345");
    writeFileSync(join(dir, "notes.txt"), "not ours");
    const { spool, counts } = await openSpool({ dir });
    expect(counts).toEqual({ received: 0, dropped: 1 });
    await spool.append(batch("a"), ["a"]);
    expect(segmentFiles(dir)[0]).toMatch(/000000000009-/);
  });
});
