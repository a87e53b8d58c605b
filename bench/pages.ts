/**
 * `npx tsx bench/pages.ts [runs]`: server time and size of every page over a store of ten million runs of 200
 * workflows. Runs and rollups are made by ClickHouse itself; everything that answers is the product's own code.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { gzipSync } from "node:zlib";
import { createChdbConnection } from "chdb/connection";
import { createClient } from "@clickhouse/client";

import { pino } from "pino";
import { openJournal } from "../src/journal/open-journal.ts";
import { createMetrics } from "../src/metrics.ts";
import { dayMs, hourMs, systemClock } from "../src/model/clock.ts";
import { numberBin, type SignalKey, type SignalKind } from "../src/model/signal.ts";
import type { SignalVerdict } from "../src/model/verdict.ts";
import { createApprovalDesk } from "../src/review/approval-desk.ts";
import { createReviewDesk } from "../src/review/desk.ts";
import { openChdbStore } from "../src/store/chdb-store.ts";
import { createCanary } from "../src/watch/canary.ts";
import { createGuard } from "../src/web/guard.ts";
import { createKeyring } from "../src/web/keys.ts";
import type { Watch } from "../src/web/ports.ts";
import { webRoutes } from "../src/web/routes.ts";

type ClientOptions = NonNullable<Parameters<typeof createClient>[0]>;

const runs = Number(process.argv[2] ?? 10_000_000);
const workflows = 200;
const days = 30;
const rounds = 15;
const log = pino({ level: "silent" });
const dir = mkdtempSync(join(tmpdir(), "evenkeel-bench-pages-"));
const nowMs = Date.now();

const fields = Array.from({ length: 12 }, (_, index) => `output.field_${index}`);
const signals: Omit<SignalKey, "workflow">[] = [
  ...(["volume", "errors", "latency", "override_rate"] as const).map((kind) => ({ kind, field: "" })),
  ...fields.flatMap((field) =>
    (["null_rate", "type", "output_distribution"] as SignalKind[]).map((kind) => ({ kind, field })),
  ),
];

await fill();
const store = openChdbStore({ path: join(dir, "clickhouse"), log });
const journal = openJournal({ path: join(dir, "journal"), log });
const clock = systemClock;
const guard = createGuard({ keyring: createKeyring([]), secret: randomBytes(32), clock });
const desk = createReviewDesk({ journal, store, log, record: () => Promise.resolve({}) });
const app = webRoutes({
  store,
  journal,
  guard,
  clock,
  wallClock: clock,
  desk,
  watch: steadyWatch(),
  filler: { audit: () => Promise.resolve(0) },
  approvals: createApprovalDesk({
    journal,
    settings: () => ({ waitMs: dayMs, actsOnTimeout: false, hardStops: null, nullWords: new Set() }),
    checkContract: () => ({ findings: [], unjudged: [] }),
    redact: { value: (value) => value, text: (text) => text },
    fingerprint: () => "",
    tell: () => undefined,
    count: () => Promise.resolve(),
    meters: createMetrics(),
    wallClock: clock,
  }),
  criteria: () => [],
  readiness: () => ({ decisionsMin: 100, agreementMin: 0.95, fields: {}, windowDays: 28 }),
  canary: createCanary({
    journal,
    clock,
    budget: { falseAlarmsPer1000WorkflowDays: 1 },
    rulesOf: () => ({}),
    resolve: () => undefined,
    clean: (value) => value,
    keep: () => Promise.resolve(),
  }),
  replayReject: () => Promise.resolve({ kind: "accepted", runs: 0 }),
  retryDelivery: () => false,
  routeName: ({ channel }) => channel,
  metrics: createMetrics(),
  problems: () => Promise.resolve([]),
  troubles: () => [],
  forget: () => Promise.reject(new RangeError("Nothing is forgotten here")),
  onBug: (error) => log.error({ err: error }, "Cannot answer"),
  version: "bench",
});
await measure();
await store.close();
journal.close();
rmSync(dir, { recursive: true, force: true });

/** Makes runs, hourly counts of a month and minute counts of a day. */
async function fill(): Promise<void> {
  const own = openChdbStore({ path: join(dir, "clickhouse"), log });
  await own.migrate();
  await own.close();
  // Same shape under two copies of the same types, as in src/store/chdb-store.ts.
  const connection = createChdbConnection({ path: join(dir, "clickhouse") }) as unknown;
  const client = createClient({ connection: connection as NonNullable<ClientOptions["connection"]> });
  const startedMs = performance.now();
  const from = Math.floor((nowMs - days * dayMs) / 1000);
  const bins = `arrayElement([${signals.map(({ kind }) => `'${binOf(kind)}'`).join(",")}], s + 1)`;
  const kind = `arrayElement([${signals.map((one) => `'${one.kind}'`).join(",")}], s + 1)`;
  const field = `arrayElement([${signals.map((one) => `'${one.field}'`).join(",")}], s + 1)`;
  const names = "concat('workflow-', leftPad(toString(w), 3, '0'))";
  const perHour = Math.max(1, Math.round(runs / workflows / days / 24));
  for (const [table, step, count] of [
    [
      "rollups_hour (hour, workflow, version, kind, field, bin, n, first_minute, last_minute)",
      3600,
      days * 24,
    ],
    ["rollups (minute, workflow, version, kind, field, bin, n)", 60, 24 * 60],
  ] as const) {
    const start = step === 3600 ? Math.floor(from / 3600) * 3600 : Math.floor((nowMs - dayMs) / 60_000) * 60;
    const at = `toDateTime(${start} + intDiv(number, ${workflows * signals.length}) * ${step})`;
    const minutes = step === 3600 ? `, ${at}, ${at}` : "";
    await client.command({
      query: `INSERT INTO ${table}
        WITH number % ${signals.length} AS s, intDiv(number, ${signals.length}) % ${workflows} AS w
        SELECT ${at}, ${names}, 'v1', ${kind}, ${field}, ${bins}, ${step === 3600 ? perHour : 1}${minutes}
        FROM numbers(${workflows * signals.length * count})`,
    });
  }
  await client.command({
    query: `INSERT INTO runs (run_id, workflow, mode, source, status, started_at, ended_at, received_at, inputs, outputs, version, model, retries, findings, null_fields, fields)
      WITH number % ${workflows} AS w, toDateTime64(${from} + number * ${(days * 86_400) / runs}, 3, 'UTC') AS at
      SELECT concat('run-', toString(number)), ${names}, 'live', 'api', if(number % 50 = 0, 'error', 'ok'), at, at + 1, at,
        concat('{"text":"', hex(sipHash64(number)), '"}'), concat('{"field_0":"', toString(number % 7), '"}'), 'v1', 'm', 0, '[]', [], ['output.field_0']
      FROM numbers(${runs})`,
  });
  await client.close();
  console.log(`filled ${runs} runs in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
}

function binOf(kind: string): string {
  if (kind === "volume") return "run";
  if (kind === "latency") return numberBin(1000) ?? "";
  if (kind === "output_distribution") return "=3";
  if (kind === "type") return "string";
  return kind === "null_rate" ? "value" : "no";
}

/** A watch that has judged every signal stable, and one in fifty drifting. */
function steadyWatch(): Watch {
  const names = Array.from({ length: workflows }, (_, index) => `workflow-${String(index).padStart(3, "0")}`);
  const figure = { value: 0.1, low: 0.08, high: 0.12, runs: 1000 };
  const shared = { unit: "share", of: "", baseline: figure, current: figure } as const;
  const onset = { atMs: nowMs - hourMs, earliestMs: nowMs - 2 * hourMs, latestMs: nowMs };
  const refuse = () => {
    throw new Error("The bench does not act");
  };
  return {
    workflows: () =>
      names.map((workflow) => ({
        workflow,
        owner: "team@example.test",
        lastRunAtMs: nowMs,
        pauseMode: "off",
        dataMap: { reads: [], writes: [] },
      })),
    signals: (workflow) =>
      signals.map((signal, index): SignalVerdict => {
        const verdict =
          index % 50 === 7
            ? ({
                kind: "drift",
                evidence: 2,
                direction: "up",
                onset,
                pause: false,
                effect: 2,
                ...shared,
              } as const)
            : ({ kind: "stable", evidence: 0.1, ...shared } as const);
        return { signal: { workflow, ...signal }, atMs: nowMs, verdict };
      }),
    explain: () => "`output.field_1` is as usual: 10 % against 10 % in the baseline.",
    compare: refuse,
    versionStanding: refuse,
    pause: refuse,
    resume: refuse,
    acknowledge: refuse,
    snooze: refuse,
    resolve: refuse,
    baseline: refuse,
  };
}

/** Asks for every page and prints the median and the largest time, and the size as it travels. */
async function measure(): Promise<void> {
  const workflow = "/workflows/workflow-007";
  const pages = [
    "/",
    "/incidents",
    workflow,
    `${workflow}?range=24h`,
    `${workflow}?range=30d`,
    `${workflow}/signals/null_rate?field=output.field_1`,
    `${workflow}/scorecard`,
    `${workflow}/report`,
    "/runs",
    "/runs?workflow=workflow-007&status=error",
    "/runs?workflow=workflow-007&field=output.field_0&value=3",
    `/runs/run-${Math.floor(runs / 2)}`,
    "/review",
    "/rejects",
    "/metrics",
  ];
  console.log("| page | CPU ms | best ms | median ms | KB gzip |\n| --- | ---: | ---: | ---: | ---: |");
  for (const path of pages) {
    const times: number[] = [];
    let bytes = 0;
    let cpuBefore = process.cpuUsage();
    for (let round = 0; round <= rounds; round++) {
      // The first round warms caches up and is not counted.
      if (round === 1) cpuBefore = process.cpuUsage();
      const startedMs = performance.now();
      const answer = await app.request(path, {
        headers: { host: "localhost", cookie: "evenkeel_name=bench" },
      });
      const body = await answer.text();
      if (round > 0) times.push(performance.now() - startedMs);
      if (answer.status !== 200)
        throw new Error(`Cannot measure ${path}: ${answer.status} ${body.slice(0, 300)}`);
      bytes = gzipSync(body).length;
    }
    // ClickHouse runs in this process, so that its threads are counted too. Unlike time, it stands a busy machine.
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpuMs = (user + system) / 1000 / rounds;
    times.sort((a, b) => a - b);
    const [best = 0, median = 0] = [times[0], times[Math.floor(times.length / 2)]];
    console.log(
      `| ${path} | ${cpuMs.toFixed(0)} | ${best.toFixed(0)} | ${median.toFixed(0)} | ${(bytes / 1024).toFixed(1)} |`,
    );
  }
}
