import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSpool } from "../../../src/collector/spool.ts";
import { systemClock } from "../../../src/model/clock.ts";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import { rollupRow, runRow } from "../../conformance/rows.ts";
import { dataFolder, eventually, type Sidecar, startSidecar } from "../../sidecar.ts";

const log = pino({ level: "silent" });
const runs = 30;
const poisoned = 17;

describe("a row that the store refuses", () => {
  const folder = dataFolder();
  let sidecar: Sidecar;

  // What a newer version left in the spool: one row among others has a column that the tables lack.
  beforeAll(async () => {
    const meter = { inc: () => undefined };
    const spool = await createSpool({
      dir: join(folder.data, "spool"),
      bytesMax: 1 << 30,
      clock: systemClock,
      log,
      meters: { runsReceived: meter, dropped: meter },
    });
    for (let n = 0; n < runs; n++) {
      const row = runRow({ run_id: `run-${n}`, workflow: "poison", received_at: Date.now() });
      const rollups = [rollupRow({ workflow: "poison", minute: Math.floor(Date.now() / 60_000) * 60 })];
      await spool.append({ runs: [n === poisoned ? Object.assign(row, { mood: "odd" }) : row], rollups }, [
        `run:run-${n}`,
      ]);
    }
    await spool.close();
    sidecar = await startSidecar(folder.data);
  });
  afterAll(async () => {
    await sidecar.stop();
    folder.remove();
  });

  const stored = async () => {
    const page = await fetch(`${sidecar.url}/v1/runs?workflow=poison&limit=100`);
    return ((await page.json()) as { runs: { run_id: string }[] }).runs.map((run) => run.run_id);
  };
  const page = async () => (await fetch(`${sidecar.url}/rejects`)).text();
  const replays = async () =>
    [...(await page()).matchAll(/action="(\/rejects\/[^"]+\/replay)"/g)].map(([, to]) => to);
  const replay = (to: string | undefined) =>
    fetch(sidecar.url + String(to), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });

  it("holds up none of its neighbours, and is on the page with its bytes", async () => {
    const ids = await eventually(async () => {
      const found = await stored();
      return found.length >= runs - 1 ? found : null;
    });
    expect(ids).not.toContain(`run-${poisoned}`);
    expect(ids).toHaveLength(runs - 1);
    await eventually(async () => (await replays()).length === 1);
    expect(await page()).toContain("mood&quot;:&quot;odd");
    const metrics = await (await fetch(`${sidecar.url}/metrics`)).text();
    expect(metrics).toContain('evenkeel_runs_rejected_total{reason="store_refused"} 1');
    expect(metrics).toMatch(new RegExp(`^evenkeel_runs_stored_total ${runs - 1}$`, "m"));
  });

  it("comes back as another reject if it is replayed before anything is mended, and cannot be replayed twice", async () => {
    const [to] = await replays();
    expect(await (await replay(to)).text()).not.toContain("before");
    await eventually(async () => (await replays()).length === 2);
    expect(await (await replay(to)).text()).toContain("it was sent to the store again before");
  });

  it("is stored, once, by a replay after the tables were mended", async () => {
    await sidecar.stop();
    const store = openChdbStore({ path: join(folder.data, "clickhouse"), log });
    await store.migrate();
    await store.query("ALTER TABLE runs ADD COLUMN mood String");
    await store.close();
    sidecar = await startSidecar(folder.data);
    for (const to of await replays()) await replay(to);
    await eventually(async () => (await stored()).includes(`run-${poisoned}`));
    expect((await stored()).toSorted()).toEqual(
      Array.from({ length: runs }, (_, n) => `run-${n}`).toSorted(),
    );
  });
});
