import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { CanaryCall, Core } from "./core.ts";
import type { AnyFunction } from "./observe.ts";
import { fetchWithin } from "./fetch-within.ts";
import { errorRecord } from "./record.ts";
import { type Json, snapshot } from "./snapshot.ts";

/** How a canary is run. */
export interface CanaryOptions {
  /**
   * How often each frozen input is answered, so that noise from answer to answer is told apart from change. Default: 3,
   * and 5 in a first round, which pins the answers.
   */
  repeats?: number | undefined;
  /** The arguments for frozen inputs, where `observe` was told to keep something else: `(i) => [i.subject, i.body]`. */
  args?: ((inputs: never) => unknown[]) | undefined;
  /** The model that answered. Default: what `currentRun().model()` was told. */
  model?: ((result: never) => string) | undefined;
  /** What is deployed. Default: the version of the observed function. */
  version?: string | undefined;
  /** Key that may read the frozen inputs and send answers: scopes `ingest` and `review`. Default: the client's. */
  apiKey?: string | undefined;
}

/** What a round said of one field. */
export interface CanaryFieldAnswer {
  field: string;
  verdict: "same" | "differs" | "not enough";
  /** Answers of this round, and of the normal rounds before. */
  now: { compared: number; differed: number };
  usual: { compared: number; differed: number };
}

/** What became of a canary. */
export interface CanaryAnswer {
  /** `failed`: it could not be run, and nothing is known. */
  outcome: "pinned" | "same" | "differs" | "not enough" | "failed";
  /** One sentence. */
  says: string;
  fields: CanaryFieldAnswer[];
  /** Models that answered. */
  models: string[];
}

const requestMs = 30_000;
const attemptsMax = 3;
const pauseMs = 500;
const firstRepeats = 5;
const laterRepeats = 3;
const errorChars = 500;

interface FrozenCase {
  case_id: string;
  inputs: Json;
}

/** Runs a round of a workflow's canary. Never rejects: whatever keeps it from being run is told. */
export async function canaryWith(
  core: Core,
  workflow: string,
  fn: AnyFunction,
  options: CanaryOptions = {},
): Promise<CanaryAnswer> {
  try {
    return await runRound(core, workflow, fn, options);
  } catch (error) {
    return failed(error instanceof Error ? error.message : "The canary could not be run");
  }
}

async function runRound(
  core: Core,
  workflow: string,
  fn: AnyFunction,
  options: CanaryOptions,
): Promise<CanaryAnswer> {
  const path = `${core.settings.endpoint}/v1/workflows/${encodeURIComponent(workflow)}/canary`;
  const headers = headersOf(options.apiKey ?? core.settings.apiKey);
  const { cases, rounds } = (await ask(path, { headers })) as { cases: FrozenCase[]; rounds: unknown[] };
  if (cases.length === 0) return failed(`Workflow '${workflow}' has no frozen inputs yet`);
  const repeats = options.repeats ?? (rounds.length === 0 ? firstRepeats : laterRepeats);
  const roundId = randomUUID();
  const answers: object[] = [];
  for (let turn = 0; turn < repeats; turn += 1) {
    for (const one of cases) {
      const runId = `canary-${roundId}-${one.case_id}-${turn}`;
      answers.push(await answer(core, fn, options, one, { caseId: one.case_id, roundId, runId, run: null }));
    }
  }
  // The runs of observed functions first, with their steps; then the answers under the same ids change nothing.
  await core.pipeline.flush(requestMs);
  const round = (await ask(`${path}/rounds`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ round_id: roundId, answers }),
  })) as Pick<CanaryAnswer, "fields" | "models"> & { outcome: Exclude<CanaryAnswer["outcome"], "failed"> };
  const { outcome, fields, models } = round;
  return { outcome, fields, models, says: sentence(outcome, fields, cases.length) };
}

/** Answers one frozen input. A throw is an answer too. */
async function answer(
  core: Core,
  fn: AnyFunction,
  options: CanaryOptions,
  { case_id, inputs }: FrozenCase,
  call: CanaryCall,
): Promise<object> {
  const args = options.args?.(inputs as never) ?? argumentsOf(inputs);
  const base = { case_id, run_id: call.runId };
  const known = () => ({
    version: options.version ?? textOf(call.run?.spans[0]?.constants.attributes.get("evenkeel.version")),
    fingerprint: textOf(call.run?.spans[0]?.attributes.get("evenkeel.attr.model_fingerprint")),
  });
  try {
    const result = await core.canary.run(call, () =>
      (fn as unknown as (...given: unknown[]) => unknown)(...args),
    );
    const span = call.run?.spans[0];
    const model = options.model?.(result as never) ?? textOf(span?.attributes.get("evenkeel.model.resolved"));
    return { ...base, ...known(), model, outputs: (span?.outputs ?? snapshot(result)).value };
  } catch (thrown) {
    const { type, message } = errorRecord(thrown);
    return { ...base, ...known(), outputs: null, error: `${type}: ${message}`.slice(0, errorChars) };
  }
}

/** Several arguments are kept as `arg0`, `arg1`, …; anything else was the only one. */
function argumentsOf(inputs: Json): unknown[] {
  if (typeof inputs !== "object" || inputs === null || Array.isArray(inputs)) return [inputs];
  const values = Object.keys(inputs).map((_, index) => inputs[`arg${index}`]);
  return values.length > 0 && values.every((value) => value !== undefined) ? values : [inputs];
}

/** Asks up to three times: a sidecar that restarts is back in a second, and knows a round by its id. */
async function ask(url: string, init: RequestInit): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const reply = await request(url, init);
    if (reply.kind === "answered") return reply.body;
    if (!reply.mayPass || attempt === attemptsMax) throw new Error(reply.says);
    await delay(pauseMs * attempt);
  }
}

type Reply = { kind: "answered"; body: object } | { kind: "refused"; says: string; mayPass: boolean };

async function request(url: string, init: RequestInit): Promise<Reply> {
  try {
    return await fetchWithin(requestMs, url, init, readReply);
  } catch {
    return { kind: "refused", says: "The sidecar cannot be reached", mayPass: true };
  }
}

async function readReply(response: Response): Promise<Reply> {
  const body = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
  if (response.ok && body !== null) return { kind: "answered", body };
  const says = body?.error?.message ?? `The sidecar answered ${response.status}`;
  return { kind: "refused", says, mayPass: response.status >= 500 || response.status === 429 };
}

function sentence(
  outcome: Exclude<CanaryAnswer["outcome"], "failed">,
  fields: readonly CanaryFieldAnswer[],
  cases: number,
): string {
  const inputs = `${cases} frozen ${cases === 1 ? "input" : "inputs"}`;
  switch (outcome) {
    case "pinned":
      return `The answers to ${inputs} are pinned; the next round is compared with them`;
    case "same":
      return `The answers to ${inputs} are as they were`;
    case "not enough":
      return `Too few answers to tell a change from noise: freeze more inputs than ${cases}, or repeat them more often`;
    case "differs": {
      const names = fields.filter(({ verdict }) => verdict === "differs").map(({ field }) => field);
      return `The answers differ from the pinned ones in ${names.join(", ")}`;
    }
  }
}

function headersOf(apiKey: string): Record<string, string> {
  return apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function failed(says: string): CanaryAnswer {
  return { outcome: "failed", says, fields: [], models: [] };
}
