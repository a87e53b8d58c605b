import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSpool, type Spool } from "../../../src/collector/spool.ts";
import { createWriter, type Writer } from "../../../src/collector/writer.ts";
import { systemClock } from "../../../src/model/clock.ts";
import { TransientError } from "../../../src/model/errors.ts";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import type { Store } from "../../../src/store/port.ts";
import { rollupRow, runRow } from "../../conformance/rows.ts";

const log = pino({ level: "silent" });
const minute = 1_790_000_040;

type Insert = Store["insert"];

let store: Store;
beforeAll(async () => {
  store = openChdbStore({ path: mkdtempSync(join(tmpdir(), "evenkeel-writer-")), log });
  await store.migrate();
});
afterAll(() => store.close());

const parts: { spool: Spool; writer: Writer }[] = [];
afterEach(async () => {
  for (const { spool, writer } of parts.splice(0)) {
    await writer.stop();
    await spool.close();
  }
});

const real: Insert = (table, ndjson, token) => store.insert(table, ndjson, token);

async function start(insert = real, dir?: string) {
  const counts = { stored: 0, rejected: [] as string[] };
  const counter = { inc: () => undefined };
  const spool = await createSpool({
    dir: dir ?? mkdtempSync(join(tmpdir(), "evenkeel-spool-")),
    bytesMax: 1 << 30,
    clock: systemClock,
    log,
    meters: { runsReceived: counter, dropped: counter },
  });
  const writer = createWriter({
    spool,
    store: { insert },
    clock: systemClock,
    log,
    meters: {
      runsStored: { inc: (_labels, value = 1) => void (counts.stored += value) },
      runsRejected: { inc: ({ reason }) => void counts.rejected.push(reason) },
    },
  });
  parts.push({ spool, writer });
  return { spool, writer, counts };
}

async function stored(workflow: string): Promise<{ ids: string[]; rollups: number }> {
  const ids = await store.query<{ run_id: string }>(
    "SELECT run_id FROM runs WHERE workflow = {workflow:String} ORDER BY run_id",
    { workflow },
  );
  const [sum] = await store.query<{ n: string }>(
    "SELECT sum(n) AS n FROM rollups WHERE workflow = {workflow:String}",
    {
      workflow,
    },
  );
  return { ids: ids.map((row) => row.run_id), rollups: Number(sum?.n) };
}

const batch = (workflow: string, id: string, extra: object = {}) => ({
  runs: [{ ...runRow({ run_id: id, workflow }), ...extra }],
  rollups: [rollupRow({ workflow, minute })],
});

describe("createWriter()", () => {
  it("stores what was appended, and lets the spool go", async () => {
    const { spool, writer, counts } = await start();
    await Promise.all(["a", "b", "c"].map((id) => spool.append(batch("plain", id), [id])));
    await writer.flush();
    expect(await stored("plain")).toEqual({ ids: ["a", "b", "c"], rollups: 3 });
    expect(counts).toEqual({ stored: 3, rejected: [] });
    expect(spool.size()).toEqual({ runs: 0, bytes: 0, ageMs: 0 });
    expect(writer.drainedThroughMs()).toBeLessThanOrEqual(Date.now());
  });

  it("keeps the neighbours of a bad row, and moves it to the rejects with its bytes", async () => {
    const { spool, writer, counts } = await start();
    const ids = Array.from({ length: 40 }, (_, i) => `p${String(i).padStart(2, "0")}`);
    const bad = new Set(["p07", "p39"]);
    for (const id of ids)
      await spool.append(batch("poison", id, bad.has(id) ? { retries: "many" } : {}), [id]);
    await writer.flush();
    const { ids: kept, rollups } = await stored("poison");
    expect(kept).toEqual(ids.filter((id) => !bad.has(id)));
    expect(rollups).toBe(40);
    expect(counts).toEqual({ stored: 38, rejected: ["store_refused"] });
    const bodies = (await store.rejects(10)).map((row) =>
      JSON.parse(Buffer.from(row.body, "base64").toString()),
    );
    expect(bodies.map((row: { run_id: string }) => row.run_id).sort()).toEqual(["p07", "p39"]);
  });

  it("retries under the same token until the store takes it, also when the answer was lost", async () => {
    let attempts = 0;
    const insert: Insert = async (table, ndjson, token) => {
      attempts++;
      if (attempts === 1) throw new TransientError("Cannot reach the store");
      await store.insert(table, ndjson, token);
      if (attempts < 5) throw new TransientError("Cannot hear the answer");
    };
    const { spool, writer } = await start(insert);
    await spool.append(batch("retry", "a"), ["a"]);
    await writer.flush();
    expect(await stored("retry")).toEqual({ ids: ["a"], rollups: 1 });
    expect(attempts).toBeGreaterThanOrEqual(5);
    expect(writer.trouble()).toBeNull();
  });

  it("says what is wrong while the store refuses, and leaves the rows in the spool when stopped", async () => {
    const dir = mkdtempSync(join(tmpdir(), "evenkeel-spool-"));
    let refused: () => void = () => undefined;
    const refusal = new Promise<void>((resolve) => (refused = resolve));
    const down = await start(() => {
      refused();
      return Promise.reject(new TransientError("Cannot reach the store"));
    }, dir);
    await down.spool.append(batch("down", "a"), ["a"]);
    await down.spool.rotate();
    await refusal;
    await down.writer.stop();
    expect(down.writer.trouble()?.message).toBe("Cannot reach the store");
    await down.spool.close();
    parts.length = 0;
    const up = await start(real, dir);
    await up.writer.flush();
    expect(await stored("down")).toEqual({ ids: ["a"], rollups: 1 });
  });

  it("survives half an emoji in every place where text goes", async () => {
    const { spool, writer, counts } = await start();
    const half = "x\ud83dy";
    const row = runRow({
      run_id: half,
      workflow: "surrogates",
      inputs: half,
      attributes: { [half]: half },
      fields: [half],
    });
    await spool.append({ runs: [row] }, [half]);
    await writer.flush();
    expect(await stored("surrogates")).toEqual({ ids: ["x\ufffdy"], rollups: 0 });
    expect(counts.rejected).toEqual([]);
  });
});
