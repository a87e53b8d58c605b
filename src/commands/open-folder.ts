import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { openStore, repairStore } from "../app.ts";
import { createSpool } from "../collector/spool.ts";
import { holdsSegments } from "../collector/spool-recovery.ts";
import { createWriter, type Writer } from "../collector/writer.ts";
import type { Config } from "../config.ts";
import { openJournal } from "../journal/open-journal.ts";
import type { Journal } from "../journal/port.ts";
import { createMetrics } from "../metrics.ts";
import { systemClock } from "../model/clock.ts";
import { plural } from "../model/plural.ts";
import type { Store } from "../store/port.ts";

/** A data folder that this process holds. */
export interface DataFolder {
  store: Store;
  journal: Journal;
  close: () => Promise<void>;
}

/**
 * Opens a data folder and its store. What an earlier process has left in the spool enters an embedded store first: it was
 * acknowledged. A server is left to the sidecars that send to it.
 *
 * @throws {PermanentError} If another process holds the folder.
 */
export async function openFolder(config: Config, log: Logger): Promise<DataFolder> {
  // Its lock tells quietly that a sidecar holds the folder: the engine would complain of it on standard error.
  const journal = openJournal({ path: join(config.data, "journal"), log });
  let store: Store | null = null;
  const close = async () => {
    await store?.close();
    journal.close();
  };
  try {
    const hasSegments = config.clickhouse.url === "" && holdsSegments(join(config.data, "spool"));
    if (hasSegments) repairStore(config, log);
    store = openStore(config, log);
    if (hasSegments) await drainSpool(config, store, log);
    return { store, journal, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function drainSpool(config: Config, store: Store, log: Logger): Promise<void> {
  // A row must not be refused for the want of a column.
  await store.migrate();
  const base = { clock: systemClock, log, meters: createMetrics() };
  const spool = await createSpool({
    ...base,
    dir: join(config.data, "spool"),
    bytesMax: config.limits.spool_bytes_max,
  });
  const writer = createWriter({ ...base, spool, store });
  await flushPatiently(writer);
  await writer.stop();
  await spool.close();
  warnOfLeft(spool.size().runs, config);
}

/** How long a store that takes no rows is waited for. */
const patienceMs = 10_000;

/** Waits until what was accepted is in the store, however long that takes; but not for a store that goes on refusing it. */
export async function flushPatiently(writer: Pick<Writer, "flush" | "trouble">): Promise<void> {
  const flushed = writer.flush().then(() => true);
  while (!(await Promise.race([flushed, delay(100, false)]))) {
    const sinceMs = writer.trouble()?.sinceMs ?? Infinity;
    if (systemClock.nowMs() - sinceMs > patienceMs) return;
  }
}

/** Says that runs are not where they are looked for, if there are any. */
export function warnOfLeft(runs: number, { data }: Config): void {
  if (runs === 0) return;
  const noun = plural(runs, "run");
  process.stderr.write(
    `Warning: the store did not take ${runs.toLocaleString("en-GB")} ${noun}, kept in the spool of '${data}' until it does\n`,
  );
}
