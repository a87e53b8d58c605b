import { appendFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openPendingLog } from "../../../src/collector/pending-log.ts";
import type { HeldRun, PendingLog } from "../../../src/collector/ports.ts";
import { createRandom } from "../../fuzz/random.ts";

const held = (traceId: string, sinceMs: number) =>
  ({ run: { traceId, inputs: "ä".repeat(50) }, sinceMs }) as HeldRun;

const logs: PendingLog[] = [];
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
});

async function open(dir = mkdtempSync(join(tmpdir(), "evenkeel-pending-"))) {
  let damaged = 0;
  const log = await openPendingLog({ dir, onDamage: (lines) => void (damaged += lines) });
  logs.push(log);
  const files = () => readdirSync(dir).map((name) => join(dir, name));
  return { dir, log, files, damaged: () => damaged, ids: log.restored.map(({ run }) => run.traceId) };
}

describe("openPendingLog()", () => {
  it("restores what was appended, in order, without a close", async () => {
    const { dir, log } = await open();
    await Promise.all([log.append([held("a", 1), held("b", 2)]), log.append([held("c", 3)])]);
    const again = await open(dir);
    expect(again.log.restored).toEqual([held("a", 1), held("b", 2), held("c", 3)]);
    expect(again.damaged()).toBe(0);
  });

  it("opens again after a flood, of which a file holds more lines than a call takes arguments", async () => {
    const { dir, log } = await open();
    const flood = Array.from({ length: 150_000 }, () => ({ run: {}, sinceMs: 1 }) as HeldRun);
    expect(await log.append(flood)).toBeNull();
    expect((await open(dir)).log.restored).toHaveLength(flood.length);
  });

  it("lets go of files whose runs have all become rows, also after a restart, and of no other", async () => {
    const { dir, log, files } = await open();
    await log.append([held("a", 1_000)]);
    await log.append([held("b", 9_000)]);
    expect(files()).toHaveLength(2);
    log.forget(9_000);
    await log.append([held("c", 9_001)]);
    expect((await open(dir)).ids).toEqual(["b", "c"]);
    const next = await open(dir);
    next.log.forget(10_000);
    await next.log.append([held("d", 10_000)]);
    expect((await open(dir)).ids).toEqual(["d"]);
    await next.log.close();
  });

  it("takes a torn end for what was never acknowledged, and appends behind it in a file of its own", async () => {
    const { dir, log, files } = await open();
    await log.append([held("a", 1), held("b", 2)]);
    const [path = ""] = files();
    writeFileSync(path, readFileSync(path).subarray(0, -5));
    const torn = await open(dir);
    expect(torn.ids).toEqual(["a"]);
    expect(torn.damaged()).toBe(0);
    await torn.log.append([held("c", 3)]);
    expect((await open(dir)).ids).toEqual(["a", "c"]);
  });

  it("restores every line that a flipped bit has not touched, and reports the others", async () => {
    const random = createRandom(7);
    for (let round = 0; round < 50; round++) {
      const { dir, log, files } = await open();
      await log.append(Array.from({ length: 8 }, (_, n) => held(`t${n}`, n)));
      await log.close();
      const [path = ""] = files();
      const bytes = readFileSync(path);
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      writeFileSync(path, bytes);
      const found = await open(dir);
      // A flip of the end of a line damages two, and one that makes an end of line tears one in two.
      expect([round, found.ids.length >= 6, found.damaged() > 0 || found.ids.length === 7]).toEqual([
        round,
        true,
        true,
      ]);
    }
  });

  it("answers with TransientError what the disk refuses", async () => {
    const { dir, log } = await open();
    appendFileSync(join(dir, "pending-00000001.log"), "");
    expect(await log.append([held("a", 1)])).toMatchObject({
      message: "Cannot hold runs: the disk refused them",
    });
  });
});
