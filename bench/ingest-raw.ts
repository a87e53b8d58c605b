/**
 * The measure for `bench/ingest.ts`: how fast the embedded engine takes the same rows, decoded and merged beforehand,
 * from memory, one segment after another.
 *
 *   node --import tsx bench/ingest-raw.ts '{"runs":20000,"runsPerRequest":20,"runBytes":2000}'
 *
 * Prints one line of JSON (`RawResult`).
 */
import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { systemClock } from "../src/model/clock.ts";
import { openChdbStore } from "../src/store/chdb-store.ts";
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
}

const runsPerSegment = 5000;

async function makeSegments({ runs, runsPerRequest, runBytes }: RawOptions): Promise<SegmentRows[]> {
  const maker = createRowMaker(systemClock);
  const bodies = Array.from({ length: 64 }, (_, seed) => otlpBody(runsPerRequest, runBytes, seed));
  const segments: SegmentRows[] = [];
  let made = 0;
  for (let i = 0; made < runs; i++) {
    const body = bodies[i % bodies.length];
    if (body === undefined) break;
    body.renew((place) => randomFillSync(place));
    await maker.ingest.traces(body.bytes, "protobuf");
    made += runsPerRequest;
    if (made % runsPerSegment === 0) segments.push(maker.take());
  }
  return segments;
}

async function insertAll(store: Store, segments: readonly SegmentRows[], name: string) {
  const startMs = performance.now();
  const before = process.cpuUsage();
  for (const [i, segment] of segments.entries()) {
    await Promise.all(
      segment.map(({ table, ndjson }) => store.insert(table, ndjson, `${name}-${i}:${table}`)),
    );
  }
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - startMs) / 1000, cpuUs: user + system };
}

async function measure(options: RawOptions): Promise<RawResult> {
  const segments = await makeSegments(options);
  const runsOnly = segments.map((segment) => segment.filter(({ table }) => table !== "rollups"));
  const runs = segments.length * runsPerSegment;
  const path = mkdtempSync(join(tmpdir(), "evenkeel-raw-"));
  const store = openChdbStore({ path, log: pino({ level: "silent" }) });
  await store.migrate();
  await insertAll(store, segments.slice(0, 1), "warm");
  const full = await insertAll(store, segments, "full");
  const bare = await insertAll(store, runsOnly, "bare");
  await store.close();
  rmSync(path, { recursive: true });
  return {
    runsPerSecond: Math.round(runs / full.seconds),
    cpuUsPerRun: Math.round(full.cpuUs / runs),
    cpuUsPerRunWithoutRollups: Math.round(bare.cpuUs / runs),
  };
}

const result = await measure(JSON.parse(process.argv[2] ?? "{}") as RawOptions);
process.stdout.write(`${JSON.stringify(result)}\n`);
