import { existsSync } from "node:fs";
import { join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { createApp } from "../app.ts";
import { createForget, inWords } from "../forget.ts";
import { createLog } from "../log.ts";
import { minuteMs, systemClock } from "../model/clock.ts";
import { PermanentError, TransientError } from "../model/errors.ts";
import { within } from "../model/within.ts";
import type { ForgetOrder, ForgetResult } from "../web/ports.ts";
import type { Command, CommandContext } from "./command.ts";
import { historyOptions, textOption } from "./options.ts";
import { requireSidecar, sidecarUrl } from "./sidecar-url.ts";

/** Deletes one person's data by a value. */
export const forget: Command = {
  summary: "delete one person's data by a value, everywhere",
  synopsis:
    "--value V|- [--field F] [--workflow W] --actor NAME [--reason TEXT] [--yes [--expect N]] [--url URL] [--key K] [options]",
  options: {
    value: { type: "string", value: "V", means: "what names the person; - reads it from standard input" },
    field: { type: "string", value: "F", means: "field that is the value", otherwise: "anywhere in a run" },
    workflow: { type: "string", value: "W", means: "one workflow", otherwise: "all" },
    actor: { type: "string", value: "NAME", means: "who orders it, needed" },
    reason: { type: "string", value: "TEXT", means: "why, for the audit", otherwise: "none" },
    yes: { type: "boolean", means: "delete; without it, only count" },
    expect: { type: "string", value: "N", means: "runs that are to go, needed over 100" },
    ...historyOptions,
    key: { ...historyOptions.key, means: "its key, with the scope admin" },
  },
  async run(context) {
    const isTrial = context.values.yes !== true;
    const order: ForgetOrder = {
      value: await readValue(context),
      field: textOption(context, "field") || undefined,
      workflow: textOption(context, "workflow") || undefined,
      actor: textOption(context, "actor"),
      reason: textOption(context, "reason"),
      expect: readExpected(context),
      isTrial,
    };
    if (order.actor === "") throw new PermanentError("Cannot forget: --actor must name who orders it");
    const result = await carryOut(context, order);
    if (result.kind === "unconfirmed") {
      const hint = `If they are meant, repeat it with ${confirmedBy(result.expect)}`;
      throw new PermanentError(result.why, { hint });
    }
    const found = inWords(result.found);
    process.stdout.write(
      isTrial
        ? `Would forget: ${found}\nNothing was changed. Repeat it with ${confirmedBy(result.found.runs + result.found.rejects)}\n`
        : `Forgotten: ${found}\n`,
    );
    return 0;
  },
};

/** The options that confirm what was found. Where no run or reject was, other places may still hold the value. */
function confirmedBy(expect: number): string {
  return expect === 0 ? "--yes" : `--yes --expect ${expect}`;
}

/** How many runs and rejects are to go, where that was said. */
function readExpected(context: CommandContext): number | undefined {
  const text = textOption(context, "expect");
  if (text === "") return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new PermanentError(`Cannot forget: --expect must be the number of runs and rejects, got '${text}'`);
}

/** From standard input where it is `-`, so that it need not stand in the history of a shell. */
async function readValue(context: CommandContext): Promise<string> {
  const given = textOption(context, "value");
  const value = given === "-" ? (await readAll(process.stdin)).trim() : given;
  if (value === "")
    throw new PermanentError("Cannot forget: --value must name the person, or be - for standard input");
  return value;
}

/** By the sidecar at the given address, or on the data folder, or by the sidecar that holds it. */
async function carryOut(context: CommandContext, order: ForgetOrder): Promise<ForgetResult> {
  const { config } = context;
  const url = textOption(context, "url");
  const key = textOption(context, "key") || (process.env.EVENKEEL_API_KEY ?? "");
  if (url !== "") {
    await requireSidecar(url);
    return overHttp(url, key, order);
  }
  if (config.clickhouse.url === "" && !existsSync(join(config.data, "journal"))) {
    throw new PermanentError(`Cannot forget: there is no data in '${config.data}'`);
  }
  try {
    return await onFolder(context, order);
  } catch (error) {
    const running = error instanceof PermanentError ? await sidecarUrl(config.port) : null;
    if (running === null) throw error;
    return overHttp(running, key, order);
  }
}

async function onFolder({ config }: CommandContext, order: ForgetOrder): Promise<ForgetResult> {
  const app = await createApp({ config, clock: systemClock, log: createLog("warn") });
  try {
    return await createForget(app.parts)(order);
  } finally {
    await app.stop();
  }
}

/** Parts of tables are written anew meanwhile. */
const answerMsMax = 5 * minuteMs;

async function overHttp(url: string, key: string, order: ForgetOrder): Promise<ForgetResult> {
  const { isTrial, ...plain } = order;
  const asked = within(answerMsMax, async (signal) => {
    const response = await fetch(`${url.replace(/\/+$/, "")}/v1/forget`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ ...plain, dry_run: isTrial }),
      signal,
    });
    return { response, answer: (await response.json().catch(() => ({}))) as Answer };
  });
  const { response, answer } = await asked.catch((cause: unknown) => {
    throw new TransientError(`Cannot reach '${url}'`, { cause });
  });
  if (response.status === 409)
    return { kind: "unconfirmed", expect: answer.expect ?? 0, why: answer.error?.message ?? "" };
  if (!response.ok) throw refusal(url, response.status, answer.error?.message ?? "");
  const {
    other_rows: rewritten = 0,
    journal_rows: journalRows = 0,
    runs = 0,
    rejects = 0,
    counts = 0,
    files = 0,
  } = answer;
  return { kind: "done", found: { runs, rejects, counts, rewritten, journalRows, files } };
}

type Answer = Partial<
  Record<"runs" | "rejects" | "counts" | "other_rows" | "journal_rows" | "files" | "expect", number>
> & {
  error?: { message?: string };
};

function refusal(url: string, status: number, message: string): PermanentError | TransientError {
  const text = `Cannot forget: '${url}' answered ${status}${message === "" ? "" : `: ${message}`}`;
  if (status >= 500 || status === 429) return new TransientError(text);
  const hint = status === 401 || status === 403 ? "Give a key with the scope 'admin' with --key" : "";
  return new PermanentError(text, { hint });
}
