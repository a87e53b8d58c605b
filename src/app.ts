import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { type Alerts, createAlerts } from "./alerts/create-alerts.ts";
import { createTrials } from "./alerts/trials.ts";
import { buildApprovals } from "./build-approvals.ts";
import { catalogueTroubles, followCatalogues } from "./build-catalogues.ts";
import { buildCanary } from "./build-canary.ts";
import { buildCollector } from "./build-collector.ts";
import { holdsSegments } from "./collector/spool-recovery.ts";
import { createWriter, type Writer } from "./collector/writer.ts";
import { type Config, workflowConfig } from "./config.ts";
import { tellDigest } from "./digest.ts";
import { every, type Recurring } from "./every.ts";
import { defaultIncidentSettings } from "./incidents/settings.ts";
import { openJournal } from "./journal/open-journal.ts";
import { createMetrics } from "./metrics.ts";
import { dayMs, hourMs, minuteMs, systemClock } from "./model/clock.ts";
import { PermanentError } from "./model/errors.ts";
import { showQueue } from "./review/gauges.ts";
import { createReviewDesk } from "./review/desk.ts";
import { createQueueFiller } from "./review/fill-queue.ts";
import type { AppOptions, Base, CollectorParts, Parts } from "./parts.ts";
import { createReload, type Reload } from "./reload.ts";
import { type HttpServer, listen } from "./server.ts";
import { openChdbStore } from "./store/chdb-store.ts";
import { repairInsertLogs } from "./store/insert-logs.ts";
import type { Store } from "./store/port.ts";
import { openServerStore } from "./store/server-store.ts";
import { keepRetention, retentionOf } from "./keep-retention.ts";
import { tellTroubles } from "./troubles.ts";
import { createWatch, type WatchLoop } from "./watch/watch.ts";
import { createWatermark } from "./watermark.ts";

/** The sidecar. */
export interface App {
  parts: Parts;
  /** Opens the port. Answers the address to tell people. */
  listen(): Promise<string>;
  /** Where exporters reach OTLP over gRPC; "" before `listen`, and where it is not served. */
  grpcAddress(): string;
  /** Takes over changed settings: all of them, or none. */
  reload: Reload["reload"];
  /** Lets what is under way finish, in the order of the data flow, and closes everything. */
  stop(): Promise<void>;
}

/**
 * Builds every part and connects them; holds no logic of its own.
 *
 * @throws {PermanentError} If another process holds the data folder, or a part refuses its settings.
 */
export async function createApp({
  config: given,
  clock,
  wallClock = systemClock,
  log,
}: AppOptions): Promise<App> {
  // A copy: its members are replaced when the settings change.
  const config = { ...given };
  const journal = openJournal({ path: join(config.data, "journal"), log });
  if (config.clickhouse.url === "") repairStore(config, log);
  const metrics = createMetrics();
  const base: Base = { config, clock, wallClock, log, journal, metrics, store: openStore(config, log) };
  const collector = await buildCollector(base);
  const alerts = createAlerts({ ...base, settings: config, meters: metrics });
  const watermark = createWatermark(base, collector.spool);
  const watch = buildWatch(base, { ...collector, watermark }, alerts);
  const trials = createTrials({
    ...base,
    ledger: alerts,
    readBuckets: (query) => base.store.readBuckets(query),
    storedThroughMs: () => watermark.storedThroughMs(),
  });
  let writer: Writer | null = null;
  let tablesFault = "";
  const parts: Parts = {
    ...base,
    ...collector,
    ...buildReview(base, collector),
    canary: buildCanary(base, collector, watch),
    approvals: buildApprovals(base, collector, alerts),
    alerts,
    trials,
    watch,
    watermark,
    writer: () => writer,
    tablesFault: () => tablesFault,
  };

  // The writer starts once there are tables: a row must not be refused for the want of them.
  const segmentsAtOnce = config.clickhouse.url === "" ? 1 : serverSegmentsAtOnce;
  const tables = reachStore(config, log, async () => {
    await base.store.migrate();
    await watermark.exchange();
  }).then(() => {
    writer = createWriter({ ...base, ...collector, meters: base.metrics, segmentsAtOnce });
    if (config.role !== "collector") watch.start(config.sweep_seconds * 1000);
  });
  if (config.clickhouse.url === "") await tables;
  else {
    tables.catch((error: unknown) => {
      tablesFault = error instanceof Error ? error.message : "Cannot make the tables";
      log.fatal({ err: error }, "Cannot make the tables");
    });
  }
  alerts.start();
  return { parts, ...life(parts) };
}

/** A server takes several inserts at a time; the embedded engine takes one after another. */
const serverSegmentsAtOnce = 4;

/** How long a stop waits for the store to take what is left. */
const flushMsMax = 5_000;

const retainEveryMs = 10 * minuteMs;

/** What is done again and again. */
function startChores(parts: Parts): Recurring[] {
  const { log, journal, ingest, desk, filler, approvals, catalogue, catalogues, trials } = parts;
  const collecting = [
    every(1_000, "settle traces", log, () => ingest.settle()),
    // In one transaction, since each costs a sync to disk, and holds up the event loop for it.
    every(30_000, "save fields", log, () => journal.transaction(() => catalogue.save())),
    every(2_000, "tell how far it has got", log, () =>
      parts.writer() === null ? undefined : parts.watermark.exchange(),
    ),
    every(1_000, "read catalogues", log, () => catalogues.refresh()),
    every(15_000, "look after itself", log, () => tellTroubles(parts)),
  ];
  if (parts.config.role === "collector") return collecting;
  return [
    ...collecting,
    every(1_000, "settle reviews", log, () => desk.settle()),
    every(1_000, "settle approvals", log, () => approvals.settle()),
    every(15_000, "fill the review queue", log, () => filler.fill()),
    every(5_000, "judge trials", log, () => trials.check()),
    every(60_000, "tell the week's digest", log, () => tellDigest(parts)),
    every(retainEveryMs, "delete what has outlived its retention", log, () =>
      parts.writer() === null ? undefined : keepRetention(parts),
    ),
  ];
}

/** Chores, the port, and the way to end them all. */
function life(parts: Parts): Pick<App, "listen" | "grpcAddress" | "reload" | "stop"> {
  const { log, ingest, desk, approvals, catalogue, spool, watch, alerts, store, journal, writer } = parts;
  const chores = startChores(parts);
  let server: HttpServer | null = null;
  const { reload, refusal } = createReload({
    ...parts,
    followers: [
      alerts.follow,
      parts.followRedaction,
      followCatalogues,
      (next) => server?.follow(next) ?? (() => undefined),
    ],
  });
  return {
    reload,
    grpcAddress: () => server?.grpcAddress ?? "",
    async listen() {
      server = await listen(parts, () => [
        ...(refusal() === "" ? [] : [`${refusal()}. The old settings stay.`]),
        ...catalogueTroubles(parts.catalogues),
      ]);
      return server.address;
    },
    async stop() {
      await Promise.all(chores.map((chore) => chore.stop()));
      approvals.release();
      await server?.close();
      await desk.settle(true).catch((error: unknown) => log.warn({ err: error }, "Cannot settle reviews"));
      await ingest.settle(true).catch((error: unknown) => log.warn({ err: error }, "Cannot settle traces"));
      journal.transaction(() => catalogue.save());
      await watch.stop();
      // What does not get through in time waits in the spool for the next start.
      await Promise.race([writer()?.flush(), delay(flushMsMax, undefined, { ref: false })]);
      await writer()?.stop();
      await spool.close();
      await alerts.stop();
      await store.close();
      journal.close();
    },
  };
}

function buildWatch(
  base: Base,
  { watermark, isImporting, catalogue }: Pick<Parts, "watermark" | "isImporting" | "catalogue">,
  ledger: Alerts,
): WatchLoop {
  const { config } = base;
  return createWatch({
    ...base,
    ledger,
    storedThroughMs: () => watermark.storedThroughMs(),
    isImporting,
    ownerOf: (workflow) => workflowConfig(config, workflow).owner,
    confidenceBelow: (workflow) => workflowConfig(config, workflow).confidence_below ?? null,
    runsOn: ({ workflow, kind, field }) =>
      kind.endsWith("_distribution") && catalogue.runsOn(workflow, field),
    budget: { falseAlarmsPer1000WorkflowDays: config.false_alarms_per_1000_workflow_days },
    baselineRunsMin: config.baseline_runs_min,
    incidentSettings: {
      ...defaultIncidentSettings,
      get remindMs() {
        return config.remind_hours * hourMs;
      },
    },
  });
}

function buildReview(base: Base, { ingest }: CollectorParts): Pick<Parts, "desk" | "filler"> {
  const filler = createQueueFiller({
    ...base,
    settings: (workflow) => {
      const { review, confidence_below, retention } = workflowConfig(base.config, workflow);
      const runDays = retention.runs_days ?? base.config.retention.runs_days;
      return {
        sampleRate: review.sample_rate,
        minPerWeek: review.min_per_week,
        secondShare: review.second_share,
        topics: review.topics,
        confidenceBelow: confidence_below ?? null,
        // They go after the end of their last day.
        runsKeptMs: (runDays + 1) * dayMs,
      };
    },
  });
  const desk = createReviewDesk({
    ...base,
    record: (runId, body, chosenBy) => ingest.review(runId, body, chosenBy),
    onRecorded: (run) => filler.secondOpinion(run),
  });
  showQueue(desk, base.metrics);
  return { desk, filler };
}

/** Mends what a power loss has done to the embedded store. The journal keeps others out of the folder. */
export function repairStore({ data }: Config, log: Logger): void {
  repairInsertLogs({ path: join(data, "clickhouse"), hasSegments: holdsSegments(join(data, "spool")), log });
}

/** Opens the store that the configuration names. */
export function openStore(config: Config, log: Logger): Store {
  const { clickhouse, data } = config;
  const layout = retentionOf(config);
  if (clickhouse.url === "") return openChdbStore({ path: join(data, "clickhouse"), log, layout });
  return openServerStore({ ...clickhouse, log, layout: { ...layout, cluster: clickhouse.cluster } });
}

/** Does what needs the store; a server that is down is waited for, while the spool takes the runs. */
async function reachStore({ clickhouse }: Config, log: Logger, work: () => Promise<void>): Promise<void> {
  for (let waitMs = 500; ; waitMs = Math.min(waitMs * 2, 10_000)) {
    try {
      await work();
      return;
    } catch (error) {
      if (clickhouse.url === "" || error instanceof PermanentError) throw error;
      log.warn({ err: error, waitMs }, "Cannot reach ClickHouse yet");
      await delay(waitMs);
    }
  }
}
