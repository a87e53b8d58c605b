import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { type Checkpoint, openCheckpoint } from "../import/checkpoint.ts";
import { type ColumnMap, columnMapSchema } from "../import/column-map.ts";
import { importRuns, type ImportTally } from "../import/import-runs.ts";
import { readRunFile, type RunFile } from "../import/read-file.ts";
import { PermanentError, TransientError } from "../model/errors.ts";
import type { Command, CommandContext } from "./command.ts";
import { type ImportTarget, openImportTarget } from "./import-target.ts";
import { textOption, workflowOption } from "./options.ts";
import { createProgress } from "./progress.ts";

/** Loads past runs from a file as history. */
export const importFile: Command = {
  summary: "load past runs from a JSONL or CSV file as history",
  synopsis: "FILE.jsonl|csv[.gz] --workflow W [--map FILE] [--url URL] [--key K] [--restart] [options]",
  options: {
    workflow: { type: "string" },
    map: { type: "string" },
    url: { type: "string" },
    key: { type: "string" },
    restart: { type: "boolean" },
  },
  async run(context) {
    const [path, ...more] = context.positionals;
    if (path === undefined || more.length > 0) {
      throw new PermanentError("Cannot import: exactly one file must be named", {
        hint: `evenkeel import ${importFile.synopsis}`,
      });
    }
    const workflow = workflowOption(context, "import");
    const mapPath = textOption(context, "map");
    const map = mapPath === "" ? null : readMap(mapPath);
    const file = await readRunFile(path, { workflow, map, nowMs: Date.now() });
    const target = await openTarget(context);
    const identity = [workflow, JSON.stringify(map), target.name];
    const checkpoint = openCheckpoint(join(context.config.data, "imports"), path, identity);
    if (context.values.restart === true) checkpoint.clear();
    try {
      const tally = await runImport({ path, workflow, file, target, checkpoint });
      process.stdout.write(`${inWords(tally)}\n`);
      return tally.refused > 0 ? 1 : 0;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      process.stderr.write(`${error.message}\n`);
      return 1;
    }
  },
};

function openTarget({ config, values }: CommandContext): Promise<ImportTarget> {
  return openImportTarget({
    config,
    url: textOption({ values }, "url"),
    key: textOption({ values }, "key") || (process.env.EVENKEEL_API_KEY ?? ""),
    isFolderGiven: typeof values.data === "string",
  });
}

/** One import, with everything found and opened. */
interface Job {
  path: string;
  workflow: string;
  file: RunFile;
  target: ImportTarget;
  checkpoint: Checkpoint;
}

const refusedShownMax = 20;

async function runImport({ path, workflow, file, target, checkpoint }: Job): Promise<ImportTally> {
  const progress = createProgress("Importing", process.stderr);
  progress.say(`Importing '${path}' as history of '${workflow}' into ${target.name}`);
  if (file.unused.length > 0) progress.say(`Columns that are not used: ${file.unused.join(", ")}`);
  if (checkpoint.line > 0)
    progress.say(
      `Going on after line ${checkpoint.line}, where an earlier import of it ended (--restart begins anew)`,
    );
  let refused = 0;
  try {
    const tally = await importRuns({
      runs: file.runs,
      sink: target.sink,
      afterLine: checkpoint.line,
      onRefused(line, why) {
        refused += 1;
        if (refused <= refusedShownMax) progress.say(`Line ${line} was not imported: ${why}`);
        if (refused === refusedShownMax) progress.say("Further lines like these are only counted");
      },
      onWaiting: (why) => progress.say(`${why}; trying again for a minute`),
      onProgress(soFar) {
        checkpoint.save(soFar.throughLine);
        progress.update(file.bytesRead() / Math.max(1, file.bytesTotal), inWords(soFar));
      },
    });
    progress.end();
    checkpoint.clear();
    return tally;
  } catch (error) {
    progress.end();
    progress.say("What was imported so far is kept; the same command goes on from there");
    throw error;
  } finally {
    await target.close();
  }
}

function readMap(path: string): ColumnMap {
  let parsed: unknown;
  try {
    parsed = parseYaml(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new PermanentError(`Cannot read map '${path}': it must be a YAML or JSON file`, { cause });
  }
  const checked = columnMapSchema.safeParse(parsed);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new PermanentError(
    `Cannot use map '${path}': '${issue?.path.join(".") ?? ""}' ${issue?.message ?? ""}`,
    {
      hint: "docs/import.md shows every key",
    },
  );
}

function inWords({ imported, known, refused }: ImportTally): string {
  const parts = [`${count(imported)} imported`];
  if (known > 0) parts.push(`${count(known)} known already`);
  if (refused > 0) parts.push(`${count(refused)} refused`);
  return parts.join(", ");
}

function count(n: number): string {
  return n.toLocaleString("en-GB");
}
