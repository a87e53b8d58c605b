import { type Config, workflowConfig } from "../config.ts";
import type { WorkflowBaseline } from "../detectors/baseline.ts";
import { learnBaseline } from "../detectors/learn.ts";
import type { History, HistorySpan, VersionUse } from "../history/port.ts";
import { historySpan } from "../history/span.ts";
import { minuteMs } from "../model/clock.ts";
import { PermanentError } from "../model/errors.ts";
import type { SignalBucket } from "../model/signal.ts";
import { plural } from "../model/plural.ts";
import { type Backtest, type BacktestInput, runBacktest } from "./backtest-replay.ts";
import { backtestJson, backtestText } from "./backtest-report.ts";
import type { Command } from "./command.ts";
import { openHistory } from "./open-history.ts";
import { historyOptions, spanOptions, timeOption, workflowOption, workflowOptions } from "./options.ts";
import { createProgress } from "./progress.ts";

/** Replays stored history: what would have alerted, when, and why. */
export const backtest: Command = {
  summary: "replay stored history: what would have alerted, when, and why",
  synopsis: "--workflow W [--from T] [--to T] [--baseline-to T] [--json] [--url URL] [--key K] [options]",
  options: {
    ...workflowOptions,
    ...spanOptions,
    "baseline-to": {
      type: "string",
      value: "T",
      means: "take everything before for normal, and judge what comes after",
      otherwise: "learned on the way",
    },
    json: { type: "boolean", means: "write JSON" },
    ...historyOptions,
  },
  async run(context) {
    const workflow = workflowOption(context, "backtest");
    const asked = {
      workflow,
      fromMs: timeOption(context, "from", "backtest") ?? 0,
      toMs: timeOption(context, "to", "backtest") ?? Date.now(),
    };
    const baselineToMs = timeOption(context, "baseline-to", "backtest");
    const history = await openHistory(context);
    let input: BacktestInput;
    try {
      input = await prepare(history, asked, baselineToMs, context.config);
    } finally {
      await history.close();
    }
    const result = play(input);
    const write = context.values.json === true ? backtestJson : backtestText;
    process.stdout.write(write(input, result));
    return result.baseline === null ? 1 : 0;
  },
};

/** What was asked for; times in milliseconds since the epoch. */
interface Asked {
  workflow: string;
  fromMs: number;
  toMs: number;
}

async function prepare(
  history: History,
  asked: Asked,
  baselineToMs: number | null,
  config: Config,
): Promise<BacktestInput> {
  const { workflow } = asked;
  const span = await historySpan(history, asked);
  if (span === null) throw await nothingStored(history, workflow);
  const stepMs = stepFor(span);
  const buckets = await readBuckets(history, workflow, span, stepMs);
  const versions: VersionUse[] = [];
  for await (const use of history.read("versions", asked)) versions.push(use);
  const input: BacktestInput = {
    workflow,
    owner: workflowConfig(config, workflow).owner,
    span,
    stepMs,
    buckets,
    versions,
    budget: { falseAlarmsPer1000WorkflowDays: config.false_alarms_per_1000_workflow_days },
    runsMin: config.baseline_runs_min,
    baseline: null,
  };
  return baselineToMs === null ? input : splitAt(input, baselineToMs);
}

async function nothingStored(history: History, workflow: string): Promise<PermanentError> {
  const known = await history.workflows();
  return new PermanentError(`Cannot backtest: no runs of '${workflow}' are stored in that time`, {
    hint:
      known.length === 0 ? "There are no runs of any workflow" : `Workflows with runs: ${known.join(", ")}`,
  });
}

/** Buckets that are held in memory at most, about, each for one signal. */
const stepsMax = 20_000;

/** The finest step that keeps a long history of many runs within memory; a minute is what the sidecar looks at. */
function stepFor({ fromMs, toMs, runs }: HistorySpan): number {
  const steps = [1, 5, 15, 60].map((minutes) => minutes * minuteMs);
  return steps.find((stepMs) => Math.min(runs, (toMs - fromMs) / stepMs) <= stepsMax) ?? 60 * minuteMs;
}

async function readBuckets(
  history: History,
  workflow: string,
  span: HistorySpan,
  stepMs: number,
): Promise<SignalBucket[]> {
  const progress = createProgress("Reading  ", process.stderr);
  const buckets: SignalBucket[] = [];
  for await (const bucket of history.read("buckets", { workflow, ...span, stepMs })) {
    buckets.push(bucket);
    if (buckets.length % 1_000 > 0) continue;
    progress.update((bucket.startMs - span.fromMs) / (span.toMs - span.fromMs), day(bucket.startMs));
  }
  progress.update(1, `${span.runs} ${plural(span.runs, "run")}`);
  progress.end();
  return buckets;
}

/** Learns from what came before a time and leaves the rest to be judged. */
function splitAt(input: BacktestInput, baselineToMs: number): BacktestInput {
  const { buckets, span, stepMs, runsMin } = input;
  const before = buckets.filter(({ startMs }) => startMs < baselineToMs);
  const learned: WorkflowBaseline | null =
    before.length === 0
      ? null
      : learnBaseline(before, { runsMin, bucketMs: stepMs, pinned: true, toMs: baselineToMs });
  if (learned === null || learned.runs < runsMin) {
    const found = `got ${learned?.runs ?? 0}`;
    throw new PermanentError(
      `Cannot backtest: the history before --baseline-to must have at least ${runsMin} runs, ${found}`,
    );
  }
  return {
    ...input,
    span: { ...span, fromMs: baselineToMs },
    buckets: buckets.filter(({ startMs }) => startMs >= baselineToMs),
    baseline: learned,
  };
}

function play(input: BacktestInput): Backtest {
  const progress = createProgress("Replaying", process.stderr);
  const looks = runBacktest(input);
  for (let look = looks.next(); ; look = looks.next()) {
    if (look.done === true) {
      progress.update(1, day(input.span.toMs));
      progress.end();
      return look.value;
    }
    progress.update(look.value, day(input.span.fromMs + look.value * (input.span.toMs - input.span.fromMs)));
  }
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
