import { existsSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../app.ts";
import type { Config } from "../config.ts";
import type { History } from "../history/port.ts";
import { createRemoteHistory } from "../history/remote-history.ts";
import { createStoredHistory } from "../history/stored-history.ts";
import { openJournal } from "../journal/open-journal.ts";
import type { Journal } from "../journal/port.ts";
import { createLog } from "../log.ts";
import { PermanentError } from "../model/errors.ts";
import type { CommandContext } from "./command.ts";
import { openFolder } from "./open-folder.ts";
import { textOption } from "./options.ts";
import { requireSidecar, sidecarUrl } from "./sidecar-url.ts";

/**
 * Opens the past for reading.
 *
 * @throws {PermanentError} If there is none, or the folder is held and no sidecar answers.
 */
export async function openHistory(context: Pick<CommandContext, "config" | "values">): Promise<History> {
  const history = await findHistory(context);
  if (history !== null) return history;
  throw new PermanentError(`Cannot read history: there is no data in '${context.config.data}'`, {
    hint: "Name the folder with --data, or a running sidecar with --url",
  });
}

/**
 * Finds the past: at the given address; else in the store of the configuration, if no sidecar holds it; else through the sidecar that
 * answers on the configured port.
 *
 * @returns null where there is no data.
 * @throws {PermanentError} If no sidecar answers at the given address, or the folder is held and none answers.
 */
export async function findHistory(
  context: Pick<CommandContext, "config" | "values">,
): Promise<History | null> {
  const { config, values } = context;
  const url = textOption({ values }, "url");
  const key = textOption({ values }, "key") || (process.env.EVENKEEL_API_KEY ?? "");
  if (url !== "") {
    await requireSidecar(url);
    return createRemoteHistory({ url, key });
  }
  const throughSidecar = async () => {
    const running = await sidecarUrl(config.port);
    return running === null ? null : createRemoteHistory({ url: running, key });
  };
  const isServer = config.clickhouse.url !== "";
  if (!isServer && !existsSync(join(config.data, "clickhouse"))) {
    // A folder that was asked for by name is meant, even if it is empty.
    return typeof values.data === "string" ? null : throughSidecar();
  }
  try {
    return await openStored(config);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    const remote = await throughSidecar();
    if (remote !== null) return remote;
    throw new PermanentError(error.message, {
      cause: error,
      hint: "Give the address of the sidecar that runs on it with --url, or stop that sidecar",
    });
  }
}

/** Reads the store itself. With a server the journal is opened when incidents are asked for: a sidecar may hold it. */
async function openStored(config: Config): Promise<History> {
  const log = createLog("warn");
  if (config.clickhouse.url === "") {
    const { store, journal, close } = await openFolder(config, log);
    return { name: config.data, ...createStoredHistory({ store, journal: () => journal }), close };
  }
  const store = openStore(config, log);
  let journal: Journal | null = null;
  const open = () => (journal ??= openJournal({ path: join(config.data, "journal"), log }));
  return {
    name: config.clickhouse.url,
    ...createStoredHistory({ store, journal: open }),
    async close() {
      await store.close();
      journal?.close();
    },
  };
}
