import { Document, isMap, isScalar } from "yaml";
import { tryParseJson } from "../collector/parse-json.ts";
import type { History, HistoryQuery, HistorySpan } from "../history/port.ts";
import { historySpan } from "../history/span.ts";
import { PermanentError } from "../model/errors.ts";
import { plural } from "../model/plural.ts";
import type { Command } from "./command.ts";
import { createContractLearner, type Proposal } from "./contract-infer.ts";
import { openHistory } from "./open-history.ts";
import { historyOptions, spanOptions, timeOption, workflowOption, workflowOptions } from "./options.ts";
import { createProgress } from "./progress.ts";

/** Proposes a contract from history. */
export const contract: Command = {
  summary: "propose a contract from history, as YAML for the configuration",
  synopsis: "infer --workflow W [--from T] [--to T] [--url URL] [--key K] [options]",
  options: {
    ...workflowOptions,
    ...spanOptions,
    ...historyOptions,
  },
  async run(context) {
    if (context.positionals.length !== 1 || context.positionals[0] !== "infer") {
      throw new PermanentError("Cannot run 'contract': the one thing it does is 'infer'", {
        hint: `evenkeel contract ${contract.synopsis}`,
      });
    }
    const query = {
      workflow: workflowOption(context, "infer a contract"),
      fromMs: timeOption(context, "from", "infer a contract") ?? 0,
      toMs: timeOption(context, "to", "infer a contract") ?? Date.now(),
    };
    const history = await openHistory(context);
    try {
      const span = await historySpan(history, query);
      const learned = span === null ? null : await learn(history, latestPart(query, span), span.runs);
      if (learned === null || learned.runs < runsMin) {
        const found = `${learned?.runs ?? 0} successful ${plural(learned?.runs ?? 0, "run")} of '${query.workflow}'`;
        process.stderr.write(
          `Not enough data: ${found} ${plural(learned?.runs ?? 0, "is", "are")} stored, and a contract needs ${runsMin}\n`,
        );
        return 1;
      }
      process.stdout.write(contractYaml(query.workflow, learned));
      return 0;
    } finally {
      await history.close();
    }
  },
};

/** Fewer say too little about what there may be. */
const runsMin = 100;
/** About so many runs are read, the latest ones: what was true long ago need not be any more. */
const runsRead = 20_000;

/** What past runs say. */
interface Learned {
  runs: number;
  fromMs: number;
  toMs: number;
  inputs: Proposal[];
  outputs: Proposal[];
}

function latestPart(query: HistoryQuery, { fromMs, toMs, runs }: HistorySpan): HistoryQuery {
  const share = Math.min(1, runsRead / runs);
  return { ...query, fromMs: Math.floor(toMs - share * (toMs - fromMs)), toMs: Math.min(query.toMs, toMs) };
}

async function learn(history: History, query: HistoryQuery, runsTotal: number): Promise<Learned> {
  const progress = createProgress("Reading", process.stderr);
  const inputs = createContractLearner();
  const outputs = createContractLearner();
  let runs = 0;
  for await (const run of history.read("runs", query)) {
    // A run that failed says nothing about what a good one looks like.
    if (run.status !== "ok" || run.mode !== "live") continue;
    inputs.add(tryParseJson(run.inputs) ?? null);
    outputs.add(tryParseJson(run.outputs) ?? null);
    runs += 1;
    if (runs % 500 === 0) progress.update(runs / Math.min(runsRead, runsTotal), `${runs} runs`);
  }
  progress.end();
  const { fromMs, toMs } = query;
  return { runs, fromMs, toMs, inputs: inputs.propose(), outputs: outputs.propose() };
}

function contractYaml(workflow: string, { runs, fromMs, toMs, inputs, outputs }: Learned): string {
  const rules = (proposals: readonly Proposal[]) =>
    Object.fromEntries(
      proposals.filter(({ rule }) => Object.keys(rule).length > 0).map(({ path, rule }) => [path, rule]),
    );
  const document = new Document({
    workflows: { [workflow]: { contract: { inputs: rules(inputs), outputs: rules(outputs) } } },
  });
  document.commentBefore = ` Proposed from ${runs} runs of '${workflow}', ${day(fromMs)} to ${day(toMs)}. None of them breaks it.\n Read it as a question: what was always so need not be a rule.`;
  for (const [root, proposals] of [
    ["inputs", inputs],
    ["outputs", outputs],
  ] as const) {
    for (const { path, remark } of proposals) {
      if (remark !== "") remarkOn(document, ["workflows", workflow, "contract", root], path, remark);
    }
  }
  return document.toString({ lineWidth: 0 });
}

/** Writes a remark above a field's rules; at the top of the rules where the field has none. */
function remarkOn(document: Document, at: readonly string[], path: string, remark: string): void {
  const rules = document.getIn(at, true);
  if (!isMap(rules)) return;
  const pair = rules.items.find(({ key }) => isScalar(key) && key.value === path);
  const key = pair?.key ?? null;
  if (isScalar(key)) key.commentBefore = ` ${remark}`;
  else rules.commentBefore = [rules.commentBefore, ` ${path}: ${remark}`].filter(Boolean).join("\n");
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
