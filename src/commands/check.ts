import { createFieldCatalogue } from "../collector/field-catalogue.ts";
import { workflowConfig } from "../config.ts";
import { compareBatches, compareRunsMin } from "../detectors/compare.ts";
import { emptyBins, newBin } from "../model/bin-names.ts";
import { PermanentError } from "../model/errors.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import { plural } from "../model/plural.ts";
import { formatBin, formatInterval, formatValue, signalNames } from "../web/format.ts";
import { type Batch, type BatchSettings, countBatch, toBuckets } from "./check-batch.ts";
import type { Command, CommandContext } from "./command.ts";
import { workflowOption, workflowOptions } from "./options.ts";
import { table } from "./table.ts";

/** Compares two batches of outputs. */
export const check: Command = {
  summary: "compare two batches of outputs: exit 0 same, 1 drift, 2 not enough data",
  synopsis: "A.jsonl B.jsonl --workflow W [--json] [options]",
  options: { ...workflowOptions, json: { type: "boolean", means: "write JSON" } },
  async run(context) {
    const [a, b, ...more] = context.positionals;
    if (a === undefined || b === undefined || more.length > 0) {
      throw new PermanentError("Cannot check: exactly two files must be named", {
        hint: `evenkeel check ${check.synopsis}`,
      });
    }
    const settings = settingsOf(context);
    // First what the fields of both are (a category, a number, text), then the counts: else the two would be counted
    // in different bins.
    await countBatch(a, settings);
    await countBatch(b, settings);
    const batches: [Batch, Batch] = [await countBatch(a, settings), await countBatch(b, settings)];
    const verdicts = compareBatches(...toBuckets(...batches));
    const outcome = outcomeOf(batches, verdicts);
    const write = context.values.json === true ? checkJson : checkText;
    process.stdout.write(write(batches, verdicts, outcome));
    return exitCodes[outcome];
  },
};

type CheckOutcome = "same" | "drift" | "not enough data";

const exitCodes: Record<CheckOutcome, number> = { same: 0, drift: 1, "not enough data": 2 };

function settingsOf(context: CommandContext): BatchSettings {
  const workflow = workflowOption(context, "check");
  const { config } = context;
  const { contract, confidence_below } = workflowConfig(config, workflow);
  const { fields_per_workflow_max: fieldsMax, categories_max: categoriesMax } = config.limits;
  return {
    workflow,
    contract,
    confidenceBelow: confidence_below ?? null,
    words: config.words,
    catalogue: createFieldCatalogue({ fieldsMax, categoriesMax }),
  };
}

function outcomeOf(batches: readonly Batch[], verdicts: readonly SignalVerdict[]): CheckOutcome {
  if (verdicts.some(({ verdict }) => verdict.kind === "drift")) return "drift";
  const isEnough = batches.every(({ runs }) => runs >= compareRunsMin);
  return isEnough && verdicts.some(({ verdict }) => verdict.kind === "stable") ? "same" : "not enough data";
}

function checkText(
  batches: [Batch, Batch],
  verdicts: readonly SignalVerdict[],
  outcome: CheckOutcome,
): string {
  const [a, b] = batches;
  const count = (kind: string) => verdicts.filter(({ verdict }) => verdict.kind === kind).length;
  const [drifts, stable] = [count("drift"), count("stable")];
  const signals = `${verdicts.length} ${plural(verdicts.length, "signal")}`;
  const found = `${drifts} ${plural(drifts, "differs", "differ")}, ${stable} ${plural(stable, "does", "do")} not`;
  const head = `${a.runs} ${plural(a.runs, "line")} against ${b.runs}; ${signals}: ${found}, ${count("insufficient")} cannot be judged.`;
  const said: Record<CheckOutcome, string> = {
    same: "Same: nothing differs by more than chance and by enough to matter.",
    drift: "Drift: the second batch is not like the first.",
    "not enough data": `Not enough data: each side needs at least ${compareRunsMin} lines.`,
  };
  const rows = verdicts.flatMap((judged) => differenceRow(judged, batches));
  const header = ["signal", "field", "what", "first", "95 % interval", "second", "95 % interval"];
  return `${rows.length === 0 ? "" : `${table(header, rows)}\n\n`}${head}\n${said[outcome]}\n`;
}

function differenceRow(judged: SignalVerdict, batches: [Batch, Batch]): string[][] {
  const { signal, verdict } = judged;
  if (verdict.kind !== "drift") return [];
  const { unit, of, baseline, current } = verdict;
  const figures = [baseline, current].flatMap((figure) => [
    formatValue(figure.value, unit),
    formatInterval(figure, unit),
  ]);
  const values = newValues(judged, batches);
  // A cell is one line, whatever a value holds.
  const named = values.map((value) => JSON.stringify(value)).join(", ");
  const what = named === "" ? formatBin(of) : `${formatBin(of)} (such as ${named})`;
  return [[signalNames[signal.kind], signal.field, what, ...figures]];
}

const namedMax = 3;

/** Values that only the second batch has, the most frequent first, where the figures speak of such. */
function newValues({ signal, verdict }: SignalVerdict, batches: [Batch, Batch]): string[] {
  if (verdict.kind !== "drift" || verdict.of !== newBin) return [];
  const [known, found] = batches.map(({ rows }) => {
    const counts = new Map<string, number>();
    for (const { kind, field, bin, n } of rows)
      if (kind === signal.kind && field === signal.field) counts.set(bin, (counts.get(bin) ?? 0) + n);
    return counts;
  });
  return [...(found ?? [])]
    .filter(([bin]) => known?.has(bin) !== true && !emptyBins.has(bin) && bin !== "other")
    .sort(([, n], [, m]) => m - n)
    .slice(0, namedMax)
    .map(([bin]) => formatBin(bin));
}

function checkJson(
  batches: [Batch, Batch],
  verdicts: readonly SignalVerdict[],
  outcome: CheckOutcome,
): string {
  const [a, b] = batches;
  const signals = verdicts.map((judged) => {
    const { signal, verdict } = judged;
    const { kind, field } = signal;
    if (verdict.kind === "insufficient") return { kind, field, verdict: verdict.kind, runs: verdict.runs };
    const { unit, of, baseline, current } = verdict;
    const values = newValues(judged, batches);
    const named = values.length === 0 ? {} : { values };
    return { kind, field, verdict: verdict.kind, unit, of, ...named, first: baseline, second: current };
  });
  return `${JSON.stringify({ outcome, lines: [a.runs, b.runs], signals }, null, 2)}\n`;
}
