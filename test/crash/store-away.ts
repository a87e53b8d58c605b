import { setTimeout as delay } from "node:timers/promises";
import { startFront } from "../conformance/start-front.ts";
import { dataFolder, eventually, type Sidecar, startSidecar } from "../sidecar.ts";
import { type Fault, startFaultyProxy } from "./faulty-proxy.ts";
import { post } from "./load.ts";

/** How long each fault lasts, and how much comes in meanwhile. */
export interface StoreAwayOptions {
  secondsAway: number;
  /** Of each other fault. */
  secondsFaulty: number;
  runsPerSecond: number;
}

/** What was found. */
export interface StoreAwayResult {
  acknowledged: number;
  lost: number;
  doubled: number;
  /** Counted by minute beside the rows of the table. */
  minutesOff: number;
  /** Requests of clients that were refused; calls of people that failed. */
  refused: number;
  failedCalls: string[];
  /** How fast the spool drained while runs kept coming, as a multiple of their arrival. */
  drainRatio: number;
  /** Requests to the store that met each fault. */
  faults: Partial<Record<Fault, number>>;
}

const runsPerRequest = 50;

/**
 * Runs the sidecar on a ClickHouse over HTTP, under a steady load, and takes the ClickHouse through every fault. Asks
 * all the while what must work without it.
 */
export async function storeAway(options: StoreAwayOptions): Promise<StoreAwayResult> {
  const folder = dataFolder();
  const front = await startFront();
  const proxy = await startFaultyProxy(front.url);
  const sidecar = await startSidecar(folder.data, [], { EVENKEEL_CLICKHOUSE_URL: proxy.url });
  const load = startLoad(sidecar, options.runsPerSecond);
  const failedCalls: string[] = [];
  const faults: StoreAwayResult["faults"] = {};

  async function suffer(fault: Fault, seconds: number): Promise<void> {
    const before = proxy.faults;
    proxy.fault = fault;
    for (let second = 0; second < seconds; second++) {
      failedCalls.push(...(await failing(sidecar, `${fault}-${second}`)));
      await delay(1_000);
    }
    proxy.fault = "none";
    faults[fault] = proxy.faults - before;
  }

  await stored(sidecar, 1);
  for (const fault of ["failing", "deaf", "slow"] as const) await suffer(fault, options.secondsFaulty);
  await suffer("away", options.secondsAway);
  const drainRatio = await drain(sidecar, load);
  const acknowledged = await load.stop();
  await stored(sidecar, acknowledged);
  const audit = await ask(front.url, sums);
  await sidecar.stop();
  await proxy.close();
  await front.stop();
  folder.remove();
  const { rows = 0, ids = 0, minutes = 0 } = audit;
  return {
    acknowledged,
    lost: Math.max(0, acknowledged - ids),
    doubled: rows - ids,
    minutesOff: minutes - rows,
    refused: load.refused(),
    failedCalls,
    drainRatio,
    faults,
  };
}

interface RunningLoad {
  acknowledged(): number;
  refused(): number;
  stop(): Promise<number>;
}

/** Sends requests at a steady pace, each again until it is acknowledged. */
function startLoad(sidecar: Sidecar, runsPerSecond: number): RunningLoad {
  let acknowledged = 0;
  let refused = 0;
  const stopped = new AbortController();
  const under = new Set<Promise<void>>();

  async function send(request: number): Promise<void> {
    const runs = Array.from({ length: runsPerRequest }, (_, n) => ({
      run_id: `away-${request}-${n}`,
      workflow: "away",
      inputs: { text: "What is the status of my order? ".repeat(8) },
      outputs: { tier: n % 2 === 0 ? "a" : "b" },
    }));
    while (!(await post(`${sidecar.url}/v1/runs`, runs))) {
      refused++;
      await delay(200);
    }
    acknowledged += runsPerRequest;
  }

  const pacing = (async () => {
    const startMs = performance.now();
    for (let request = 0; !stopped.signal.aborted; request++) {
      const sending = send(request);
      under.add(sending);
      void sending.then(() => under.delete(sending));
      const dueMs = startMs + (request * runsPerRequest * 1_000) / runsPerSecond;
      await delay(Math.max(0, dueMs - performance.now()));
    }
  })();
  return {
    acknowledged: () => acknowledged,
    refused: () => refused,
    async stop() {
      stopped.abort();
      await pacing;
      await Promise.all(under);
      return acknowledged;
    },
  };
}

/** Calls that must work without the store, and do not. */
async function failing(sidecar: Sidecar, name: string): Promise<string[]> {
  const failed: string[] = [];
  const workflow = `held-${name}`;
  const order = { actor: "ana", reason: "the store is away" };
  for (const act of ["pause", "resume"] as const) {
    if (!(await post(`${sidecar.url}/v1/workflows/${workflow}/${act}`, order))) failed.push(`${act} ${name}`);
    const gate = (await (await fetch(`${sidecar.url}/v1/workflows/${workflow}/gate`)).json()) as Gate;
    if (gate.state !== (act === "pause" ? "paused" : "running")) failed.push(`gate after ${act} ${name}`);
  }
  for (const path of ["/v1/incidents", "/incidents", "/metrics", "/healthz"]) {
    const { ok } = await fetch(sidecar.url + path);
    if (!ok) failed.push(`${path} ${name}`);
  }
  return failed;
}

interface Gate {
  state: string;
}

/** Waits until the spool holds no old rows while the load goes on; answers rows stored per row that came. */
async function drain(sidecar: Sidecar, load: RunningLoad): Promise<number> {
  const before = { stored: await metric(sidecar, "evenkeel_runs_stored_total"), came: load.acknowledged() };
  await eventually(async () => (await metric(sidecar, "evenkeel_spool_age_seconds")) < 2.5);
  const after = { stored: await metric(sidecar, "evenkeel_runs_stored_total"), came: load.acknowledged() };
  return (after.stored - before.stored) / Math.max(1, after.came - before.came);
}

function stored(sidecar: Sidecar, runs: number): Promise<boolean> {
  return eventually(async () => (await metric(sidecar, "evenkeel_runs_stored_total")) >= runs);
}

async function metric(sidecar: Sidecar, name: string): Promise<number> {
  const metrics = await (await fetch(`${sidecar.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1] ?? Number.NaN);
}

const sums = `SELECT toFloat64(count()) AS rows, toFloat64(uniqExact(run_id)) AS ids,
  (SELECT toFloat64(sum(n)) FROM evenkeel.rollups WHERE kind = 'volume') AS minutes FROM evenkeel.runs FORMAT JSONEachRow`;

async function ask(url: string, query: string): Promise<Record<string, number>> {
  const answer = await fetch(`${url}/?database=evenkeel&query=${encodeURIComponent(query)}`, {
    method: "POST",
  });
  return JSON.parse(await answer.text()) as Record<string, number>;
}
