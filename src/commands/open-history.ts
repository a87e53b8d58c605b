import { existsSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../app.ts";
import type { Config } from "../config.ts";
import type { History } from "../history/port.ts";
import { createRemoteHistory } from "../history/remote-history.ts";
import { createStoredHistory } from "../history/stored-history.ts";
import { openJournal } from "../journal/open-journal.ts";
import { createLog } from "../log.ts";
import { PermanentError } from "../model/errors.ts";
import type { CommandContext } from "./command.ts";
import { textOption } from "./options.ts";
import { sidecarUrl } from "./sidecar-url.ts";

/** Options of every command that reads history. */
export const historyOptions = { url: { type: "string" }, key: { type: "string" } } as const;

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
 * Finds the past: at the given address; else in the data folder, if no sidecar holds it; else through the sidecar that
 * answers on the configured port.
 *
 * @returns null where there is no data.
 * @throws {PermanentError} If the folder is held and no sidecar answers.
 */
export async function findHistory(
  context: Pick<CommandContext, "config" | "values">,
): Promise<History | null> {
  const { config, values } = context;
  const url = textOption({ values }, "url");
  const key = textOption({ values }, "key") || (process.env.EVENKEEL_API_KEY ?? "");
  if (url !== "") return createRemoteHistory({ url, key });
  const throughSidecar = async () => {
    const running = await sidecarUrl(config.port);
    return running === null ? null : createRemoteHistory({ url: running, key });
  };
  if (!existsSync(join(config.data, "journal"))) {
    // A folder that was asked for by name is meant, even if it is empty.
    return typeof values.data === "string" ? null : throughSidecar();
  }
  try {
    return openFolder(config);
  } catch (error) {
    const remote = error instanceof PermanentError ? await throughSidecar() : null;
    if (remote === null) throw error;
    return remote;
  }
}

function openFolder(config: Config): History {
  const log = createLog("warn");
  const journal = openJournal({ path: join(config.data, "journal"), log });
  try {
    const store = openStore(config, log);
    return {
      name: config.data,
      ...createStoredHistory({ store, journal }),
      async close() {
        await store.close();
        journal.close();
      },
    };
  } catch (error) {
    journal.close();
    throw error;
  }
}
