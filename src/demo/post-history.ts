import { dayMs } from "../model/clock.ts";
import { within } from "../model/within.ts";
import { extractInvoice, extractionMs, invoiceVersion, invoiceWorkflow } from "./invoice-extraction.ts";
import { createDeck, type Random } from "./random.ts";
import type { Records } from "./records.ts";
import { editedShare, reviewedShare, reviewTriage } from "./review.ts";
import { callModel, prompts, triageVersion, triageWorkflow } from "./ticket-triage.ts";
import { arrivals } from "./traffic.ts";

/** What a history is made from. */
export interface HistoryParts {
  endpoint: string;
  records: Records;
  random: Random;
  /** The history ends here, in milliseconds since the epoch. */
  toMs: number;
  days: number;
  /** Called after each batch. */
  onProgress: (progress: { sent: number; total: number }) => void;
}

const batchRuns = 500;
const requestsAtOnce = 3;

/**
 * Sends quiet weeks of both workflows to `POST /v1/runs?history=true`, with the reviews people gave.
 *
 * @returns the number of runs.
 * @throws {Error} If the sidecar does not take a batch.
 */
export async function postHistory(parts: HistoryParts): Promise<number> {
  const fromMs = parts.toMs - parts.days * dayMs;
  const runs = [...triageRuns(parts, fromMs), ...invoiceRuns(parts, fromMs)];
  const batches: object[][] = [];
  for (let at = 0; at < runs.length; at += batchRuns) batches.push(runs.slice(at, at + batchRuns));
  let sent = 0;
  async function postNext(): Promise<void> {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      await post(parts.endpoint, batch);
      sent += batch.length;
      parts.onProgress({ sent, total: runs.length });
    }
  }
  await Promise.all(Array.from({ length: requestsAtOnce }, postNext));
  return runs.length;
}

const answerMsMax = 60_000;

async function post(endpoint: string, runs: object[]): Promise<void> {
  const response = await within(answerMsMax, async (signal) => {
    const answer = await fetch(`${endpoint}/v1/runs?history=true`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(runs),
      signal,
    });
    await answer.arrayBuffer();
    return answer;
  });
  if (!response.ok) throw new Error(`Cannot send history: the sidecar answered ${response.status}`);
}

function* triageRuns({ records, random, toMs }: HistoryParts, fromMs: number): Generator<object> {
  const draw = createDeck(records.tickets, random);
  const { promptName, prompt, model, settings } = triageVersion(prompts.before);
  for (const atMs of arrivals(fromMs, toMs, random)) {
    const ticket = draw();
    const call = callModel(prompt, ticket, random);
    const isReviewed = random.next() < reviewedShare;
    const review = reviewTriage(call.triage, editedShare.before, random);
    const endedAt = atMs + call.durationMs;
    yield {
      run_id: `demo-triage-${atMs}`,
      workflow: triageWorkflow,
      inputs: { text: ticket.text },
      outputs: call.triage,
      started_at: atMs,
      ended_at: endedAt,
      prompt: { name: promptName, text: prompt },
      model,
      settings,
      confidence: call.confidence,
      input_tokens: call.inputTokens,
      output_tokens: call.outputTokens,
      steps: [
        { name: "classify", kind: "model", model, outputs: call.triage, started_at: atMs, ended_at: endedAt },
      ],
      reviews: isReviewed ? [{ ...snakeCase(review), at: endedAt + 60_000 }] : [],
    };
  }
}

function snakeCase({ durationMs, ...review }: ReturnType<typeof reviewTriage>): object {
  return { ...review, duration_ms: durationMs };
}

function* invoiceRuns({ records, random, toMs }: HistoryParts, fromMs: number): Generator<object> {
  const draw = createDeck(records.invoiceLines, random);
  for (const atMs of arrivals(fromMs, toMs, random)) {
    const line = draw();
    yield {
      run_id: `demo-invoice-${atMs}`,
      workflow: invoiceWorkflow,
      inputs: line,
      outputs: extractInvoice(line),
      started_at: atMs,
      ended_at: atMs + extractionMs(random),
      code_revision: invoiceVersion.codeRevision,
    };
  }
}
