/**
 * What a run costs on disk: all tables with their rollups and indexes, against the JSON of the runs.
 *
 *   npm run bench:storage [-- --runs 20000 --run-bytes 2000]
 *
 * Two rates, since rollups are counted by the minute: the busier a workflow, the more runs share a row.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { openChdbStore } from "../src/store/chdb-store.ts";
import { createRandom, createRealText } from "./real-words.ts";
import { createRowMaker } from "./segment-rows.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    "run-bytes": { type: "string", default: "2000" },
  },
});
const runsMax = Number(values.runs);
const runBytes = Number(values["run-bytes"]);
const runsPerSegment = 2000;
const workflows = 5;

const text = createRealText();

/** A run of a ticket triage, as `POST /v1/runs` takes it. */
function run(n: number, startedMs: number): object {
  const random = createRandom(n);
  const pick = <T>(choices: readonly T[]) => choices[random() % choices.length];
  return {
    run_id: `${random().toString(16)}${random().toString(16)}-${n}`,
    workflow: `triage-${n % workflows}`,
    version: "2026-11-01",
    model: "gpt-5-mini",
    started_at: new Date(startedMs).toISOString(),
    ended_at: new Date(startedMs + 200 + (random() % 3000)).toISOString(),
    inputs: {
      ticket: { id: `T-${n}`, subject: text(40, n), body: text(runBytes * 0.55, n + 1e6) },
      customer: {
        tier: pick(["free", "pro", "team"]),
        country: pick(["de", "fr", "gb", "us"]),
        seats: random() % 50,
      },
    },
    outputs: {
      category: pick(["card_arrival", "refund", "transfer", "fees", "login"]),
      priority: pick([1, 2, 3, 4]),
      reply: text(runBytes * 0.3, n + 2e6),
      vendor: random() % 40 === 0 ? null : `Vendor ${random() % 20}`,
    },
  };
}

interface Stored {
  jsonBytes: number;
  diskBytes: Record<string, number>;
}

/** Stores runs that come at a steady rate, and says what they take. */
async function store(runs: number, runsPerMinute: number): Promise<Stored> {
  const path = mkdtempSync(join(tmpdir(), "evenkeel-storage-"));
  const chdb = openChdbStore({ path, log: pino({ level: "silent" }) });
  await chdb.migrate();
  let nowMs = Date.UTC(2026, 10, 2);
  let jsonBytes = 0;
  const maker = createRowMaker({ nowMs: () => nowMs });
  for (let n = 0; n < runs; n++) {
    const body = Buffer.from(JSON.stringify(run(n, nowMs)));
    jsonBytes += body.length;
    await maker.ingest.runs(body);
    nowMs += 60_000 / runsPerMinute;
    if ((n + 1) % runsPerSegment > 0 && n + 1 < runs) continue;
    for (const { table, ndjson } of maker.take()) await chdb.insert(table, ndjson, `${n}:${table}`);
  }
  const parts = await chdb.query<{ table: string; bytes: string }>(
    `SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts
    WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table`,
  );
  await chdb.close();
  rmSync(path, { recursive: true });
  return {
    jsonBytes,
    diskBytes: Object.fromEntries(parts.map(({ table, bytes }) => [table, Number(bytes)])),
  };
}

function print(runsPerMinute: number, runs: number, { jsonBytes, diskBytes }: Stored): void {
  const total = Object.values(diskBytes).reduce((sum, bytes) => sum + bytes, 0);
  const perRun = (bytes: number) => (bytes / runs).toFixed(0).padStart(6);
  console.log(`${runsPerMinute} runs a minute in ${workflows} workflows, ${runs} runs`);
  console.log(`  JSON            ${perRun(jsonBytes)} bytes a run`);
  for (const [table, bytes] of Object.entries(diskBytes))
    console.log(`  ${table.padEnd(15)} ${perRun(bytes)}`);
  console.log(
    `  on disk         ${perRun(total)}   ${((100 * total) / jsonBytes).toFixed(1)} % of the JSON (bar: 45 %)`,
  );
}

for (const [runsPerMinute, runs] of [
  [1000, runsMax],
  [5, runsMax / 4],
] as const) {
  print(runsPerMinute, runs, await store(runs, runsPerMinute));
}
