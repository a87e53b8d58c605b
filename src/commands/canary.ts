import { type CanaryAnswer, createClient } from "@evenkeel/sdk";
import { faultCode, PermanentError } from "../model/errors.ts";
import { within } from "../model/within.ts";
import { plural } from "../model/plural.ts";
import { createCaller } from "./canary-caller.ts";
import { readFrozen } from "./canary-cases.ts";
import type { Command, CommandContext } from "./command.ts";
import { historyOptions, textOption, workflowOption, workflowOptions } from "./options.ts";
import { requireSidecar, sidecarUrl } from "./sidecar-url.ts";
import { table } from "./table.ts";

/** Answers a workflow's frozen inputs afresh and compares the answers with the pinned ones. */
export const canary: Command = {
  summary: "answer frozen inputs afresh: exit 0 same or pinned, 1 differs, 2 not enough data",
  synopsis:
    "--workflow W (--call URL | --run COMMAND | --freeze FILE.jsonl|N | --repin) [--repeat N] [--json] [--url URL] [--key K] [options]",
  options: {
    ...workflowOptions,
    call: { type: "string", value: "URL", means: "address that answers the inputs" },
    run: { type: "string", value: "COMMAND", means: "command that answers them" },
    freeze: {
      type: "string",
      value: "FILE.jsonl|N",
      means: "freeze the inputs of a file, or of N stored runs",
    },
    repin: { type: "boolean", means: "let the next round pin its answers anew" },
    repeat: {
      type: "string",
      value: "N",
      means: "answers to each input",
      otherwise: "5 in the first round, then 3",
    },
    json: { type: "boolean", means: "write JSON" },
    ...historyOptions,
    url: { ...historyOptions.url, otherwise: "the one on the configured port" },
    key: { ...historyOptions.key, means: "its key, with the scopes ingest and review" },
  },
  async run(context) {
    const workflow = workflowOption(context, "run the canary");
    const url = await findSidecar(context);
    const key = textOption(context, "key") || (process.env.EVENKEEL_API_KEY ?? "");
    const target: Target = { url, key, workflow };
    const freeze = textOption(context, "freeze");
    if (freeze !== "") return freezeCases(target, freeze);
    if (context.values.repin === true) return repin(target);
    return runRound(context, target);
  },
};

interface Target {
  url: string;
  key: string;
  workflow: string;
}

async function findSidecar(context: CommandContext): Promise<string> {
  const given = textOption(context, "url").replace(/\/+$/, "");
  if (given !== "") {
    await requireSidecar(given);
    return given;
  }
  const { port } = context.config;
  const running = await sidecarUrl(port);
  if (running !== null) return running;
  throw new PermanentError(`Cannot run the canary: no sidecar answers on port ${port}`, {
    hint: "Start it, or give its address with --url",
  });
}

async function freezeCases(target: Target, what: string): Promise<number> {
  const body = /^\d+$/.test(what) ? { from_runs: Number(what) } : { cases: await readFrozen(what) };
  const { cases } = (await send(target, "cases", body)) as { cases: unknown[] };
  process.stdout.write(
    `${cases.length} ${plural(cases.length, "input")} of ${target.workflow} ${plural(cases.length, "is", "are")} frozen. The next round pins the answers.\n`,
  );
  return 0;
}

async function repin(target: Target): Promise<number> {
  await send(target, "repin", {});
  process.stdout.write(`The next round pins the answers of ${target.workflow} anew.\n`);
  return 0;
}

const answerMsMax = 60_000;

/** Sends an order, in the name of whoever runs the command. */
async function send({ url, key, workflow }: Target, path: string, body: object): Promise<unknown> {
  return within(answerMsMax, async (signal) => {
    const response = await fetch(`${url}/v1/workflows/${encodeURIComponent(workflow)}/canary/${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ actor: process.env.USER || "command line", ...body }),
      signal,
    });
    const answer = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
    if (response.ok && answer !== null) return answer;
    throw new PermanentError(
      answer?.error?.message ?? `Cannot run the canary: the sidecar answered ${response.status}`,
    );
  });
}

async function runRound(context: CommandContext, { url, key, workflow }: Target): Promise<number> {
  const caller = createCaller({ url: textOption(context, "call"), command: textOption(context, "run") });
  const client = createClient({ endpoint: url, apiKey: key });
  const repeats = repeatOption(context);
  let calls = 0;
  const failures: string[] = [];
  const call: typeof caller.call = async (inputs) => {
    calls += 1;
    try {
      return await caller.call(inputs);
    } catch (error) {
      failures.push(inWords(error));
      throw error;
    }
  };
  const answer = await client.canary(workflow, call, {
    model: caller.model,
    ...(repeats === null ? {} : { repeats }),
  });
  await client.shutdown();
  if (answer.outcome === "failed") throw new PermanentError(`Cannot run the canary: ${answer.says}`);
  if (failures.length > 0)
    process.stderr.write(
      `${failures.length} of ${calls} ${plural(calls, "call")} failed, the last one: ${failures.at(-1) ?? ""}\n`,
    );
  process.stdout.write(context.values.json === true ? `${JSON.stringify(answer, null, 2)}\n` : write(answer));
  return answer.outcome === "differs" ? 1 : answer.outcome === "not enough" ? 2 : 0;
}

/** What went wrong with a call; `fetch` keeps the reason in the cause. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${faultCode(error.cause)}`;
}

function repeatOption(context: CommandContext): number | null {
  const text = textOption(context, "repeat");
  if (text === "") return null;
  const repeats = Number(text);
  if (Number.isInteger(repeats) && repeats >= 1 && repeats <= 100) return repeats;
  throw new PermanentError(
    `Cannot run the canary: --repeat must be a whole number from 1 to 100, got '${text}'`,
  );
}

function write({ says, fields, models }: CanaryAnswer): string {
  const rows = fields.map(({ field, verdict, now, usual }) => [
    field,
    verdict,
    `${now.differed} of ${now.compared}`,
    `${usual.differed} of ${usual.compared}`,
  ]);
  const list =
    rows.length === 0 ? "" : `${table(["field", "verdict", "differ now", "differ usually"], rows)}\n\n`;
  const model = models.length === 0 ? "" : `Answered by ${models.join(", ")}.\n`;
  return `${list}${model}${says}.\n`;
}
