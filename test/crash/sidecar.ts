/**
 * The part of the sidecar that must survive a kill: ids, spool, writer and embedded store behind a bare HTTP server.
 *
 *   POST /runs    JSON array of run ids; 200 once they are durable, 503 when they were not kept
 *   GET  /audit   drains the spool and answers what the tables hold
 *
 * Environment: DIR; CONTROL = `no-token` or `no-ids` leaves out one of the two things that make storing exactly once.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import { createSpool } from "../../src/collector/spool.ts";
import { createWriter } from "../../src/collector/writer.ts";
import { systemClock } from "../../src/model/clock.ts";
import { TransientError } from "../../src/model/errors.ts";
import { openChdbStore } from "../../src/store/chdb-store.ts";
import type { Store } from "../../src/store/port.ts";
import { rollupRow, runRow } from "../conformance/rows.ts";

const dir = process.env.DIR ?? "";
const control = process.env.CONTROL ?? "";
const log = pino({ level: process.env.LOG_LEVEL ?? "silent" });
const meters = {
  runsReceived: { inc() {} },
  dropped: { inc() {} },
  runsStored: { inc() {} },
  runsRejected: { inc() {} },
};

const store = openChdbStore({ path: join(dir, "store"), log });
await store.migrate();
const spool = await createSpool({
  dir: join(dir, "spool"),
  bytesMax: 64 * 1024 * 1024,
  segmentBytesMax: 64 * 1024,
  segmentAgeMsMax: 30,
  clock: systemClock,
  log,
  meters,
});
const writer = createWriter({
  spool,
  store: { insert: unreliableInsert() },
  clock: systemClock,
  log,
  meters,
});

/** Loses the answer to every fifth insert that succeeded, as a network does. */
function unreliableInsert(): Store["insert"] {
  let inserts = 0;
  return async (table, ndjson, token) => {
    await store.insert(table, ndjson, control === "no-token" ? randomUUID() : token);
    inserts++;
    if (inserts % 5 === 0) throw new TransientError("Cannot hear the answer");
  };
}

/** Accepts runs as the collector does. */
async function accept(ids: readonly string[]): Promise<void> {
  const claims = control === "no-ids" ? ids : ids.filter((id) => spool.seenIds.claim(id));
  const nowMs = Date.now();
  const minute = Math.floor(nowMs / 60_000) * 60;
  const runs = claims.map((id) => runRow({ run_id: id, received_at: nowMs }));
  const rollups = claims.length === 0 ? [] : [rollupRow({ minute, n: claims.length })];
  try {
    await spool.append({ runs, rollups }, claims);
  } catch (error) {
    for (const id of claims) spool.seenIds.release(id);
    throw error;
  }
}

async function audit(): Promise<unknown> {
  await writer.flush();
  const ids = await store.query<{ run_id: string; copies: number }>(
    "SELECT run_id, toFloat64(count()) AS copies FROM runs GROUP BY run_id",
  );
  const [sums] = await store.query(
    "SELECT (SELECT toFloat64(sum(n)) FROM rollups) AS minutes, (SELECT toFloat64(sum(n)) FROM rollups_hour) AS hours",
  );
  return { ids, sums };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const server = createServer((request, response) => {
  const work =
    request.url === "/audit" ? audit() : bodyOf(request).then((body) => accept(JSON.parse(body) as string[]));
  work.then(
    (result) => response.end(JSON.stringify(result ?? null)),
    (error: unknown) => {
      log.error(error);
      response.writeHead(503).end();
    },
  );
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
