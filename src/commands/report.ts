import { workflowConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { dayMs } from "../model/clock.ts";
import { PermanentError } from "../model/errors.ts";
import { within } from "../model/within.ts";
import { gatherReport } from "../review/gather-report.ts";
import { renderReport } from "../review/render-report.ts";
import type { Command, CommandContext } from "./command.ts";
import { openFolder } from "./open-folder.ts";
import { historyOptions, textOption, workflowOption, workflowOptions } from "./options.ts";
import { requireSidecar, sidecarUrl } from "./sidecar-url.ts";

/** Writes the weekly review of a workflow as Markdown: asks a running sidecar, else reads the data folder. */
export const report: Command = {
  summary: "write the weekly review of a workflow as Markdown",
  synopsis: "--workflow W [--since 7d] [--url URL] [--key K] [options]",
  options: {
    ...workflowOptions,
    since: { type: "string", value: "DAYS", means: "how far to look back", otherwise: "7d" },
    ...historyOptions,
  },
  async run(context) {
    const workflow = workflowOption(context, "report");
    const days = daysOption(context);
    const given = textOption(context, "url");
    if (given !== "") await requireSidecar(given);
    const url = given || (await sidecarUrl(context.config.port));
    const markdown =
      url === null ? await readHere(context, workflow, days) : await ask(context, url, workflow, days);
    process.stdout.write(markdown);
    return 0;
  },
};

function daysOption(context: CommandContext): number {
  const text = textOption(context, "since") || "7d";
  const days = Number(/^(\d{1,2})d$/.exec(text)?.[1] ?? 0);
  if (days >= 1 && days <= 90) return days;
  throw new PermanentError(`Cannot report: --since must be 1d to 90d, got '${text}'`);
}

const answerMsMax = 60_000;

async function ask(context: CommandContext, url: string, workflow: string, days: number): Promise<string> {
  const key = textOption(context, "key") || (process.env.EVENKEEL_API_KEY ?? "");
  const path = `/v1/workflows/${encodeURIComponent(workflow)}/report?days=${days}`;
  const headers: Record<string, string> = key === "" ? {} : { authorization: `Bearer ${key}` };
  return within(answerMsMax, async (signal) => {
    const response = await fetch(new URL(path, url), { headers, signal });
    if (response.ok) return response.text();
    throw new PermanentError(`Cannot report: the sidecar answered ${response.status}`, {
      hint: response.status === 401 ? "Give a key with scope review with --key or EVENKEEL_API_KEY" : "",
    });
  });
}

async function readHere({ config }: CommandContext, workflow: string, days: number): Promise<string> {
  const { store, journal, close } = await openFolder(config, createLog("warn"));
  try {
    await store.migrate();
    const toMs = Date.now();
    const { owner, reads, writes } = workflowConfig(config, workflow);
    const of = { workflow, owner, dataMap: { reads, writes }, fromMs: toMs - days * dayMs, toMs };
    return renderReport(await gatherReport({ store, journal }, of));
  } finally {
    await close();
  }
}
