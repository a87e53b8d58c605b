import { createHash } from "node:crypto";
import { accessSync, constants, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createCall } from "./alerts/call.ts";
import type { Problem } from "./alerts/ledger.ts";
import { type Catalogues, type CatalogueSource, createCatalogues } from "./collector/catalogues.ts";
import type { Config } from "./config.ts";
import { faultCode, PermanentError, TransientError } from "./model/errors.ts";
import { plural } from "./model/plural.ts";
import type { Base } from "./parts.ts";
import type { Follower } from "./reload.ts";

/** A catalogue's text may be so large; a larger one is refused. */
const textBytesMax = 16 * 1024 * 1024;
const timeoutMs = 15_000;

/**
 * Builds the catalogues that contracts name, with their texts kept under `<data>/catalogues`.
 *
 * @throws {PermanentError} If a file cannot be read.
 */
export function buildCatalogues({
  config,
  clock,
  metrics,
}: Omit<Base, "journal" | "store" | "wallClock">): Catalogues {
  checkFiles(config);
  const call = createCall({ timeoutMs, answerBytesMax: textBytesMax });
  const catalogues = createCatalogues({
    sources: () => config.catalogues,
    read: (source) =>
      source.file === ""
        ? fetchText(call, source, !config.allow_private_webhooks)
        : readFile(source.file, "utf8").catch((cause: unknown) => {
            throw new TransientError(`Cannot read the file: ${faultCode(cause)}`, { cause });
          }),
    cache: createCache(join(config.data, "catalogues")),
    clock,
  });
  metrics.beforeScrape(() => {
    for (const { name, values, readAtMs } of catalogues.states()) {
      metrics.catalogueValues.set({ catalogue: name }, values);
      if (readAtMs !== null)
        metrics.catalogueAgeSeconds.set({ catalogue: name }, (clock.nowMs() - readAtMs) / 1000);
    }
  });
  return catalogues;
}

/** Follows changed settings: the catalogues read them when they are due. @throws {PermanentError} If a file cannot be read. */
export const followCatalogues: Follower = (next) => {
  checkFiles(next);
  return () => undefined;
};

function checkFiles({ catalogues }: Pick<Config, "catalogues">): void {
  for (const [name, { file }] of Object.entries(catalogues)) {
    try {
      if (file !== "") accessSync(file, constants.R_OK);
    } catch (cause) {
      throw new PermanentError(
        `Cannot use configuration: 'catalogues.${name}.file' must be a file that can be read, got '${file}'`,
        { cause },
      );
    }
  }
}

/** What people are told of each catalogue: that it cannot be read, or that it can be again. */
export function catalogueProblems(catalogues: Pick<Catalogues, "states">): Problem[] {
  return catalogues.states().map(({ name, values, readAtMs, fault }) => {
    const meanwhile =
      readAtMs === null
        ? "no value is checked against it meanwhile"
        : `the ${values} ${plural(values, "value")} of ${new Date(readAtMs).toISOString()} ${plural(values, "stays", "stay")} in force`;
    const text =
      fault === ""
        ? `The catalogue '${name}' is read again`
        : `The catalogue '${name}': ${fault}; ${meanwhile}`;
    return { problemId: `catalogue ${name}`, text, solved: fault === "" };
  });
}

/** Full sentences on the catalogues that cannot be read now, for the pages. */
export function catalogueTroubles(catalogues: Pick<Catalogues, "states">): string[] {
  return catalogueProblems(catalogues).flatMap(({ text, solved }) => (solved ? [] : [`${text}.`]));
}

async function fetchText(
  call: ReturnType<typeof createCall>,
  { url, token }: CatalogueSource,
  publicOnly: boolean,
): Promise<string> {
  const headers: Record<string, string> = { accept: "application/json, text/csv, text/plain" };
  if (token !== "") headers.authorization = `Bearer ${token}`;
  const { status, body, isCut } = await call({ method: "GET", url, headers, body: "", publicOnly });
  if (status !== 200) throw new TransientError(`Cannot read the address: it answered ${status}`);
  if (isCut)
    throw new PermanentError(`Cannot use the answer: it must be at most ${textBytesMax} bytes, got more`);
  return body;
}

/** One file for each catalogue, replaced as a whole. */
function createCache(folder: string): Parameters<typeof createCatalogues>[0]["cache"] {
  const pathOf = (name: string) => join(folder, createHash("sha256").update(name).digest("hex").slice(0, 32));
  return {
    load(name) {
      const path = pathOf(name);
      try {
        return { text: readFileSync(path, "utf8"), readAtMs: statSync(path).mtimeMs };
      } catch {
        // Not there yet, or not readable: either way the source is asked.
        return null;
      }
    },
    save(name, text) {
      const path = pathOf(name);
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(`${path}.new`, text);
        renameSync(`${path}.new`, path);
      } catch (cause) {
        throw new TransientError(`Cannot keep the values on disk: ${faultCode(cause)}`, { cause });
      }
    },
  };
}
