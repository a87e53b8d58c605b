import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { type Checkpoint, openCheckpoint } from "../import/checkpoint.ts";
import { type ColumnMap, columnMapSchema } from "../import/column-map.ts";
import { importRuns, type ImportTally } from "../import/import-runs.ts";
import { readRunFile, type RunFile } from "../import/read-file.ts";
import { readLangfuse } from "../import/read-langfuse.ts";
import { openRejectFile } from "../import/reject-file.ts";
import { shownNames } from "../import/shown-names.ts";
import { PermanentError } from "../model/errors.ts";
import { openParquet } from "../store/parquet.ts";
import type { Command, CommandContext } from "./command.ts";
import { type ImportTarget, openImportTarget } from "./import-target.ts";
import { choiceOption, historyOptions, textOption, workflowOption, workflowOptions } from "./options.ts";
import { createProgress } from "./progress.ts";

/** Loads past runs from a file as history. */
export const importFile: Command = {
  summary: "load past runs from a JSONL, JSON, CSV or Parquet file, or a Langfuse export, as history",
  synopsis:
    "FILE.jsonl|json|csv|parquet --workflow W [--map FILE] [--format langfuse] [--rejects FILE] [--url URL] [--key K] [--restart] [options]",
  options: {
    ...workflowOptions,
    map: {
      type: "string",
      value: "FILE",
      means: "which column goes where",
      otherwise: "by the columns' names",
    },
    format: {
      type: "string",
      value: "FORMAT",
      means: "langfuse for its exports",
      otherwise: "by the file's name",
    },
    rejects: { type: "string", value: "FILE", means: "list what was refused in a file" },
    ...historyOptions,
    url: { ...historyOptions.url, means: "sidecar to send to" },
    key: { ...historyOptions.key, means: "its key, with the scope ingest" },
    restart: { type: "boolean", means: "begin anew, not where an earlier import ended" },
  },
  async run(context) {
    const isLangfuse = choiceOption(context, "format", "import", formats) === "langfuse";
    const paths = context.positionals;
    const [path] = paths;
    if (path === undefined || (paths.length > 1 && !isLangfuse)) {
      throw new PermanentError("Cannot import: exactly one file must be named", {
        hint: `evenkeel import ${importFile.synopsis}`,
      });
    }
    const workflow = workflowOption(context, "import");
    const mapPath = textOption(context, "map");
    const map = mapPath === "" ? null : readMap(mapPath);
    const options = { workflow, map, nowMs: Date.now(), openParquet };
    const file = isLangfuse ? await readLangfuse(paths, options) : await readRunFile(path, options);
    try {
      const target = await openTarget(context);
      const identity = [workflow, JSON.stringify(map), target.name];
      const checkpoint = openCheckpoint(join(context.config.data, "imports"), paths, identity);
      if (context.values.restart === true) checkpoint.clear();
      const rejectsPath = textOption(context, "rejects");
      const tally = await runImport({ paths, workflow, file, target, checkpoint, rejectsPath });
      process.stdout.write(`${inWords(tally)}\n`);
      return tally.refused > 0 ? 1 : 0;
    } finally {
      file.close();
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
  paths: readonly string[];
  workflow: string;
  file: RunFile;
  target: ImportTarget;
  checkpoint: Checkpoint;
  /** Where the list of what was refused goes; "" for none. */
  rejectsPath: string;
}

const refusedShownMax = 20;
const formats = ["auto", "langfuse"] as const;

async function runImport(job: Job): Promise<ImportTally> {
  const { paths, workflow, file, target, checkpoint, rejectsPath } = job;
  const progress = createProgress("Importing", process.stderr);
  const names = paths.map((path) => `'${path}'`).join(", ");
  progress.say(`Importing ${names} as history of '${workflow}' into ${target.name}`);
  if (file.unused.length > 0) progress.say(`Columns that are not used: ${shownNames(file.unused)}`);
  if (checkpoint.line > 0)
    progress.say(
      `Going on after ${file.place.toLowerCase()} ${checkpoint.line}, where an earlier import of it ended (--restart begins anew)`,
    );
  let refused = 0;
  try {
    const rejects = rejectsPath === "" ? null : openRejectFile(rejectsPath, checkpoint.line);
    const tally = await importRuns({
      runs: file.runs,
      sink: target.sink,
      afterLine: checkpoint.line,
      onRefused(line, why) {
        refused += 1;
        rejects?.add(line, why);
        if (refused <= refusedShownMax) progress.say(`${file.place} ${line} was not imported: ${why}`);
        if (refused === refusedShownMax)
          progress.say(
            rejectsPath === ""
              ? "Further ones like these are only counted"
              : `Further ones are in '${rejectsPath}'`,
          );
      },
      onWaiting: (why) => progress.say(`${why}; trying again for a minute`),
      onProgress(soFar) {
        checkpoint.save(soFar.throughLine);
        progress.update(file.share(), inWords(soFar));
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
