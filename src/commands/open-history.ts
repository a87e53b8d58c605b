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
 * Opens the past for reading: at the given address; else the data folder, if no sidecar holds it; else through the
 * sidecar that answers on the configured port.
 *
 * @throws {PermanentError} If there is no data, or the folder is held and no sidecar answers.
 */
export async function openHistory({
  config,
  values,
}: Pick<CommandContext, "config" | "values">): Promise<History> {
  const url = textOption({ values }, "url");
  const key = textOption({ values }, "key") || (process.env.EVENKEEL_API_KEY ?? "");
  if (url !== "") return createRemoteHistory({ url, key });
  const hasData = existsSync(join(config.data, "journal"));
  try {
    if (hasData) return openFolder(config);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    const running = await sidecarUrl(config.port);
    if (running !== null) return createRemoteHistory({ url: running, key });
    throw error;
  }
  const running = typeof values.data === "string" ? null : await sidecarUrl(config.port);
  if (running !== null) return createRemoteHistory({ url: running, key });
  throw new PermanentError(`Cannot read history: there is no data in '${config.data}'`, {
    hint: "Name the folder with --data, or a running sidecar with --url",
  });
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
