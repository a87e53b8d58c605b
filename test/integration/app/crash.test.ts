import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import { dataFolder, eventually, type Sidecar, startSidecar } from "../../sidecar.ts";

// How often the sidecar is killed; more in the long setting.
const kills = Number(process.env.EVENKEEL_TEST_KILLS ?? 5);
const clients = 4;
const runsPerRequest = 20;

const folder = dataFolder();
let sidecar: Sidecar;
beforeAll(async () => {
  sidecar = await startSidecar(folder.data);
});
afterAll(async () => {
  await sidecar.stop();
  folder.remove();
});

/** Sends batches until told to stop, and sends each again until it is acknowledged: as exporters do. */
async function client(name: number, isOver: () => boolean, acknowledged: Set<string>): Promise<void> {
  for (let request = 0; !isOver(); request++) {
    const ids = Array.from({ length: runsPerRequest }, (_, n) => `c${name}-r${request}-${n}`);
    const runs = ids.map((run_id, n) => ({
      run_id,
      workflow: "killed",
      inputs: { n },
      outputs: { tier: n % 2 === 0 ? "a" : "b" },
    }));
    const body = JSON.stringify(runs);
    await eventually(async () => {
      const sent = fetch(`${sidecar.url}/v1/runs`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      return sent.then(
        (response) => response.ok,
        () => isOver(),
      );
    }).then(() => {
      if (!isOver()) for (const id of ids) acknowledged.add(id);
    });
  }
}

it(`serve keeps every acknowledged run once through ${kills} kills under load`, async () => {
  const acknowledged = new Set<string>();
  let isOver = false;
  const load = Array.from({ length: clients }, (_, name) => client(name, () => isOver, acknowledged));
  for (let kill = 0; kill < kills; kill++) {
    const before = acknowledged.size;
    await eventually(async () => acknowledged.size > before + (1 + (kill % 3)) * 200);
    await sidecar.kill();
    sidecar = await startSidecar(folder.data);
  }
  isOver = true;
  await Promise.all(load);

  expect(acknowledged.size).toBeGreaterThan(kills * 200);
  await sidecar.stop();

  const store = openChdbStore({ path: join(folder.data, "clickhouse"), log: pino({ level: "silent" }) });
  const stored = await store.query<{ run_id: string }>("SELECT run_id FROM runs WHERE workflow = 'killed'");
  const volume = await store.query<{ n: number }>(
    "SELECT toUInt32(sum(n)) AS n FROM rollups WHERE workflow = 'killed' AND kind = 'volume'",
  );
  const tiers = await store.query<{ n: number }>(
    "SELECT toUInt32(sum(n)) AS n FROM rollups WHERE workflow = 'killed' AND kind = 'output_distribution' AND field = 'output.tier'",
  );
  await store.close();
  const ids = new Set(stored.map(({ run_id }) => run_id));
  expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
  expect(stored.length).toBe(ids.size);
  expect({ volume: volume[0]?.n, tiers: tiers[0]?.n }).toEqual({ volume: ids.size, tiers: ids.size });
}, 240_000);
