import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { buildCatalogues } from "./build-catalogues.ts";
import { type Caps, defaultCaps } from "./collector/cut.ts";
import { createFieldCatalogue } from "./collector/field-catalogue.ts";
import { createIngest, type Ingest } from "./collector/ingest.ts";
import { createRedactor, liveRedactor } from "./collector/redact.ts";
import { createSpool, type Spool } from "./collector/spool.ts";
import { type Config, workflowConfig } from "./config.ts";
import type { Base, CollectorParts } from "./parts.ts";
import { secretOf } from "./secret-of.ts";

/** How long a start waits for catalogues. */
const startMsMax = 500;

/** An import is over once no history has come for so long, in real milliseconds. */
const importQuietMs = 3_000;

/** Builds the collector, from decoding to the spool. */
export async function buildCollector(base: Base): Promise<CollectorParts> {
  const { config, clock, log, journal, store, metrics } = base;
  const spool = await createSpool({
    dir: join(config.data, "spool"),
    bytesMax: config.limits.spool_bytes_max,
    clock,
    log,
    meters: metrics,
  });
  metrics.beforeScrape(() => {
    const { runs, bytes, ageMs } = spool.size();
    metrics.spoolRuns.set({}, runs);
    metrics.spoolBytes.set({}, bytes);
    metrics.spoolAgeSeconds.set({}, ageMs / 1000);
  });
  const catalogue = createFieldCatalogue({
    fieldsMax: config.limits.fields_per_workflow_max,
    categoriesMax: config.limits.categories_max,
    load: (workflow) => journal.meta.get(`fields ${workflow}`),
    save: (workflow, text) => journal.meta.set(`fields ${workflow}`, text),
    onDropped: (what) => metrics.dropped.inc({ what }),
  });
  const redaction = buildRedaction(base);
  const catalogues = buildCatalogues(base);
  // Files are read by then; an address that takes longer is awaited by nobody.
  await Promise.race([catalogues.refresh(), delay(startMsMax, undefined, { ref: false })]);
  const ingest = createIngest({
    sink: spool,
    seen: spool.seenIds,
    pendingLog: spool.pendingLog,
    findRun: (runId) => store.findRun(runId),
    findRunByKey: (workflow, businessKey) => store.findRunByKey(workflow, businessKey),
    waitingLabels: journal.waitingLabels,
    findOutputs: (runId) => store.findOutputs(runId),
    catalogue,
    catalogueValues: catalogues.values,
    redactor: redaction.redactor,
    settings: (workflow) => {
      const { contract, confidence_below, compare } = workflowConfig(config, workflow);
      const pinnedAnswer = (caseId: string) => journal.canary.find(workflow, caseId)?.pinned ?? null;
      return { contract, confidenceBelow: confidence_below ?? null, compare, pinnedAnswer };
    },
    clock,
    meters: metrics,
    words: config.words,
    caps: caps(base),
  });
  return { spool, catalogue, catalogues, ...redaction, ...withImports(ingest, spool) };
}

/** The redactor, which follows the settings. */
function buildRedaction(base: Base): Pick<CollectorParts, "redactor" | "followRedaction"> {
  const ownKey = secretOf(base.journal, "redaction key");
  const redactorOf = ({ redaction }: Config) =>
    createRedactor({ ...redaction, key: redaction.key || ownKey, caps: caps(base) });
  let current = redactorOf(base.config);
  return {
    redactor: liveRedactor(() => current),
    followRedaction(next) {
      const made = redactorOf(next);
      return () => {
        current = made;
      };
    },
  };
}

function caps({ config }: Base): Caps {
  return { ...defaultCaps, fieldBytesMax: config.limits.field_bytes_max };
}

/**
 * Notes when history comes in. It is all there once none has come for a while and what came has left the spool.
 */
function withImports(ingest: Ingest, spool: Spool): Pick<CollectorParts, "ingest" | "isImporting"> {
  let latestMs = -Infinity;
  let isStored = true;
  let storing: Promise<void> | null = null;
  const store = async () => {
    await spool.rotate();
    await spool.drained();
    isStored = performance.now() - latestMs >= importQuietMs;
    storing = null;
  };
  return {
    ingest: {
      ...ingest,
      async runs(bytes, options) {
        if (options?.isHistory !== true) return ingest.runs(bytes, options);
        isStored = false;
        try {
          return await ingest.runs(bytes, options);
        } finally {
          latestMs = performance.now();
        }
      },
    },
    isImporting() {
      if (!isStored && performance.now() - latestMs >= importQuietMs) storing ??= store();
      return !isStored;
    },
  };
}
