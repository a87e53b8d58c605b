import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { openChdbStore } from "../../src/store/chdb-store.ts";
import { createRandom } from "../fuzz/random.ts";
import { type Receiver, startReceiver } from "../integration/alerts/receiver.ts";
import { eventually, type Sidecar, startSidecar } from "../sidecar.ts";
import { type Send, sendRuns, sendTraces } from "./load.ts";

/** How to torment the sidecar. */
export interface KillSidecarOptions {
  kills: number;
  seed: number;
  /** Where the sidecar keeps its data; a folder of its own unless given. */
  data?: string;
  /** Ends it; SIGKILL unless given. */
  end?: (sidecar: Sidecar) => Promise<void>;
  onKill?: (kill: number) => void;
}

/** What was promised to clients and people, and what was found in the end. */
export interface KillSidecarResult {
  /** Runs that were acknowledged, and those of them that are not in the table. */
  acknowledged: number;
  lost: number;
  /** Copies of a run beyond the first, acknowledged or not. */
  doubled: number;
  /** What the rollups by minute and by hour count beyond the rows of the table, or short of them. */
  minutesOff: number;
  hoursOff: number;
  /** Pauses that were acknowledged; those of which no message came, and those of which two came under two ids. */
  pauses: number;
  untold: number;
  toldTwice: number;
  /** Milliseconds from the start of the process until it listened, one for each kill. */
  startMs: number[];
}

const client = { plain: 3, traces: 1 };

/**
 * Runs the built sidecar under clients that retry until they are acknowledged, kills it with SIGKILL at random moments,
 * orders a pause shortly before each, and compares everything in the end.
 */
export async function killSidecar(options: KillSidecarOptions): Promise<KillSidecarResult> {
  const { kills, seed, data = mkdtempSync(join(tmpdir(), "evenkeel-kill-")) } = options;
  const random = createRandom(seed);
  const receiver = await startReceiver();
  const start = () => startTimed(data, receiver);
  let { sidecar } = await start();
  const startMs: number[] = [];
  const acknowledged = new Set<string>();
  const pauses: string[] = [];
  let isOver = false;
  const load = { url: () => sidecar.url, isOver: () => isOver, acknowledged, random };
  const senders: Send[] = [...repeat(sendRuns, client.plain), ...repeat(sendTraces, client.traces)];
  const sending = Promise.all(senders.map((send, name) => send(`c${name}`, load)));

  for (let round = 0; round < kills; round++) {
    await delay(100 + random.next() * 1_400);
    const ordered = orderPause(sidecar.url, `held-${round}`);
    await delay(random.below(80));
    await (options.end ?? kill)(sidecar);
    if (await ordered) pauses.push(`held-${round}`);
    const next = await start();
    sidecar = next.sidecar;
    startMs.push(next.tookMs);
    options.onKill?.(round + 1);
  }
  isOver = true;
  await sending;
  await eventually(async () => pauses.every((workflow) => told(receiver).has(workflow)));
  await eventually(() => isDrained(sidecar));
  await sidecar.stop();
  // Traces that were waiting for their root have become runs in the stop.
  ({ sidecar } = await start());
  await eventually(() => isDrained(sidecar));
  await sidecar.stop();
  await receiver.close();
  const messages = told(receiver);
  const result = {
    acknowledged: acknowledged.size,
    ...(await audit(data, acknowledged)),
    pauses: pauses.length,
    untold: pauses.filter((workflow) => !messages.has(workflow)).length,
    toldTwice: [...messages.values()].filter((ids) => ids.size > 1).length,
    startMs,
  };
  rmSync(data, { recursive: true });
  return result;
}

/** Nothing is left in the spool: a stop would leave there what does not get through in a few seconds. */
async function isDrained(sidecar: Sidecar): Promise<boolean> {
  const metrics = await (await fetch(`${sidecar.url}/metrics`)).text();
  return /^evenkeel_spool_runs 0$/m.test(metrics);
}

const kill = (sidecar: Sidecar) => sidecar.kill();

function repeat<T>(item: T, times: number): T[] {
  return Array.from({ length: times }, () => item);
}

async function startTimed(data: string, { url }: Receiver): Promise<{ sidecar: Sidecar; tookMs: number }> {
  const startedMs = performance.now();
  const sidecar = await startSidecar(data, [], {
    EVENKEEL_ROUTES_WEBHOOK_URL: url,
    EVENKEEL_ALLOW_PRIVATE_WEBHOOKS: "true",
  });
  return { sidecar, tookMs: performance.now() - startedMs };
}

/** True if the order was acknowledged. */
function orderPause(url: string, workflow: string): Promise<boolean> {
  const order = fetch(`${url}/v1/workflows/${workflow}/pause`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ actor: "ana", reason: "about to be killed" }),
  });
  return order.then(
    ({ ok }) => ok,
    () => false,
  );
}

/** The ids under which each workflow's pause was told. */
function told({ requests }: Receiver): Map<string, Set<string>> {
  const ids = new Map<string, Set<string>>();
  for (const { body, headers } of requests) {
    const { type, data } = JSON.parse(body) as { type: string; data: { workflow?: string } };
    if (type !== "workflow.paused" || data.workflow === undefined) continue;
    ids.set(data.workflow, (ids.get(data.workflow) ?? new Set()).add(String(headers["webhook-id"])));
  }
  return ids;
}

/** Compares the tables with what was acknowledged, and the rollups with the tables. */
async function audit(
  data: string,
  acknowledged: ReadonlySet<string>,
): Promise<Pick<KillSidecarResult, "lost" | "doubled" | "minutesOff" | "hoursOff">> {
  const store = openChdbStore({ path: join(data, "clickhouse"), log: pino({ level: "silent" }) });
  try {
    const runs = await store.query<{ run_id: string; copies: number }>(
      "SELECT run_id, toFloat64(count()) AS copies FROM runs GROUP BY run_id",
    );
    const [sums] = await store.query<Record<"rows" | "minutes" | "hours", number>>(
      `SELECT (SELECT toFloat64(count()) FROM runs) AS rows,
        (SELECT toFloat64(sum(n)) FROM rollups WHERE kind = 'volume') AS minutes,
        (SELECT toFloat64(sum(n)) FROM rollups_hour WHERE kind = 'volume') AS hours`,
    );
    const known = new Set(runs.map(({ run_id }) => run_id));
    const { rows = 0, minutes = 0, hours = 0 } = sums ?? {};
    return {
      lost: [...acknowledged].filter((id) => !known.has(id)).length,
      doubled: runs.reduce((sum, { copies }) => sum + copies - 1, 0),
      minutesOff: minutes - rows,
      hoursOff: hours - rows,
    };
  } finally {
    await store.close();
  }
}
