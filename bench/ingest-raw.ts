/**
 * The measures for `bench/ingest.ts`: how fast the embedded engine takes the same rows, decoded and merged beforehand, from
 * memory, into the same tables: by its own insert call, one batch of 5,000 runs after another; and by the sidecar's road (a file),
 * in batches as large as its segments are under load.
 *
 *   node --import tsx bench/ingest-raw.ts '{"runs":20000,"runsPerRequest":20,"runBytes":2000}'
 *
 * Prints one line of JSON (`RawResult`).
 */
import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createChdbConnection } from "chdb/connection";
import { pino } from "pino";
import { systemClock } from "../src/model/clock.ts";
import { openChdbStore } from "../src/store/chdb-store.ts";
import { insertSettings } from "../src/store/engine.ts";
import type { Store } from "../src/store/port.ts";
import { otlpBody } from "./otlp-body.ts";
import { createRowMaker, type SegmentRows } from "./segment-rows.ts";

/** What to insert. */
export interface RawOptions {
  runs: number;
  runsPerRequest: number;
  runBytes: number;
}

/** What came of it. */
export interface RawResult {
  runsPerSecond: number;
  cpuUsPerRun: number;
  /** The same without the rollups. */
  cpuUsPerRunWithoutRollups: number;
  /** By the sidecar's road. */
  ownRunsPerSecond: number;
  ownCpuUsPerRun: number;
  ownCpuUsPerRunWithoutRollups: number;
}

const runsPerBatch = 5_000;
const runsPerSegment = 15_000;

/** Inserts rows of a table under a token. */
type Insert = Store["insert"];

async function makeBatches(
  { runs, runsPerRequest, runBytes }: RawOptions,
  runsEach: number,
): Promise<SegmentRows[]> {
  const maker = createRowMaker(systemClock);
  const bodies = Array.from({ length: 64 }, (_, seed) => otlpBody(runsPerRequest, runBytes, seed));
  const batches: SegmentRows[] = [];
  let made = 0;
  for (let i = 0; made < runs; i++) {
    const body = bodies[i % bodies.length];
    if (body === undefined) break;
    body.renew((place) => randomFillSync(place));
    await maker.ingest.traces(body.bytes, "protobuf");
    made += runsPerRequest;
    if (made % runsEach === 0) batches.push(maker.take());
  }
  return batches;
}

/** Seconds and processor time of so many runs. */
async function insertAll(insert: Insert, batches: readonly SegmentRows[], name: string) {
  const startMs = performance.now();
  const before = process.cpuUsage();
  for (const [i, batch] of batches.entries()) {
    await Promise.all(batch.map(({ table, ndjson }) => insert(table, ndjson, `${name}-${i}:${table}`)));
  }
  const { user, system } = process.cpuUsage(before);
  const runs = batches.flat().reduce((sum, { table, rows }) => sum + (table === "runs" ? rows : 0), 0);
  return {
    perSecond: (runs * 1000) / (performance.now() - startMs),
    cpuUs: (user + system) / runs,
  };
}

type Inserted = Awaited<ReturnType<typeof insertAll>>;

function meanOf(turns: readonly Inserted[]): Inserted {
  const mean = (figure: (turn: Inserted) => number) =>
    turns.reduce((sum, turn) => sum + figure(turn), 0) / turns.length;
  return { perSecond: mean(({ perSecond }) => perSecond), cpuUs: mean(({ cpuUs }) => cpuUs) };
}

/** With and without the rollups, in turns, since merges of one take part in the next. */
async function insertInTurns(insert: Insert, batches: readonly SegmentRows[], name: string) {
  const runsOnly = batches.map((batch) => batch.filter(({ table }) => table !== "rollups"));
  await insertAll(insert, batches.slice(0, 2), `${name} warm`);
  const full: Inserted[] = [];
  const bare: Inserted[] = [];
  for (const round of [1, 2]) {
    bare.push(await insertAll(insert, runsOnly, `${name} bare ${round}`));
    full.push(await insertAll(insert, batches, `${name} full ${round}`));
  }
  return { full: meanOf(full), bare: meanOf(bare) };
}

async function measure(options: RawOptions): Promise<RawResult> {
  const path = mkdtempSync(join(tmpdir(), "evenkeel-raw-"));
  const store = openChdbStore({ path, log: pino({ level: "silent" }) });
  await store.migrate();
  const session = createChdbConnection({ path });
  const call: Insert = async (table, ndjson, token) => {
    const values = Buffer.concat([ndjson].flat());
    const settings = { ...insertSettings, insert_deduplication_token: token };
    await session.chdb.rawInsert({ table, values, format: "JSONEachRow", settings });
  };
  const raw = await insertInTurns(call, await makeBatches(options, runsPerBatch), "call");
  const road: Insert = (...batch) => store.insert(...batch);
  const own = await insertInTurns(road, await makeBatches(options, runsPerSegment), "own");
  await session.close();
  await store.close();
  rmSync(path, { recursive: true, maxRetries: 20, retryDelay: 250 });
  return {
    runsPerSecond: Math.round(raw.full.perSecond),
    cpuUsPerRun: Math.round(raw.full.cpuUs),
    cpuUsPerRunWithoutRollups: Math.round(raw.bare.cpuUs),
    ownRunsPerSecond: Math.round(own.full.perSecond),
    ownCpuUsPerRun: Math.round(own.full.cpuUs),
    ownCpuUsPerRunWithoutRollups: Math.round(own.bare.cpuUs),
  };
}

const result = await measure(JSON.parse(process.argv[2] ?? "{}") as RawOptions);
process.stdout.write(`${JSON.stringify(result)}\n`);
