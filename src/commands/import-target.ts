import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { createApp } from "../app.ts";
import type { Config } from "../config.ts";
import { createHttpSink } from "../import/http-sink.ts";
import { readFates, type RunSink } from "../import/run-sink.ts";
import { createLog } from "../log.ts";
import { systemClock } from "../model/clock.ts";
import { PermanentError } from "../model/errors.ts";
import { flushPatiently, warnOfLeft } from "./open-folder.ts";
import { requireSidecar, sidecarUrl } from "./sidecar-url.ts";

/** Where an import goes. */
export interface ImportTarget {
  /** As people are told of it: an address or a folder. */
  name: string;
  sink: RunSink;
  /** Resolves once everything sent is in the store, as far as this process can see to it. */
  close(): Promise<void>;
}

/** What a person said about the target. */
export interface TargetOptions {
  config: Config;
  /** "" where none was given. */
  url: string;
  key: string;
  /** The folder was named for this command, so that a sidecar with another folder is not meant. */
  isFolderGiven: boolean;
}

/**
 * Finds where runs are to go: the sidecar at a given address; else the data folder itself, if no sidecar holds it; else the
 * sidecar that answers on the configured port. A folder that was never used and not asked for gives way to a
 * running sidecar.
 *
 * @throws {PermanentError} If no sidecar answers at the given address, or the folder is held and none answers.
 */
export async function openImportTarget(options: TargetOptions): Promise<ImportTarget> {
  const { config, url, isFolderGiven } = options;
  if (url !== "") {
    await requireSidecar(url);
    return overHttp(url, options);
  }
  const isNew = !existsSync(join(config.data, "journal"));
  if (isNew && !isFolderGiven) {
    const running = await sidecarUrl(config.port);
    if (running !== null) return overHttp(running, options);
  }
  try {
    return await intoFolder(config);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    const running = await sidecarUrl(config.port);
    if (running === null) throw error;
    return overHttp(running, options);
  }
}

function overHttp(url: string, { key }: TargetOptions): ImportTarget {
  return { name: url, sink: createHttpSink({ url, key }), close: () => Promise.resolve() };
}

async function intoFolder(config: Config): Promise<ImportTarget> {
  const app = await createApp({ config, clock: systemClock, log: createLog("warn") });
  const { ingest, spool, writer } = app.parts;
  return {
    name: config.data,
    sink: {
      async send(runs) {
        const answers = await ingest.runs(Buffer.from(JSON.stringify(runs)), { isHistory: true });
        const fates = readFates(answers, runs.length);
        if (fates === null) throw new RangeError("Cannot import: the collector answered for other runs");
        return fates;
      },
    },
    async close() {
      // A ClickHouse server that is not there yet leaves the rows in the spool, for the sidecar's next start.
      for (let tries = 0; writer() === null && tries < 50; tries++) await delay(100);
      const started = writer();
      if (started !== null) await flushPatiently(started);
      await app.stop();
      warnOfLeft(spool.size().runs, config);
    },
  };
}
