import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replay } from "../../src/detectors/replay.ts";
import { dayMs, hourMs, minuteMs } from "../../src/model/clock.ts";
import { numberBin, type SignalBucket, type SignalKind } from "../../src/model/signal.ts";
import { parseCsv } from "./csv.ts";
import { epochMs } from "./life.ts";
import { createRandom, type Random } from "./random.ts";

/** What happens to the stream of tickets; null is nothing. */
export const ticketChanges = [
  "an intent never seen takes a tenth",
  "a fifth is routed to one intent",
  "the mix of intents shifts by TV .2",
  "texts are cut at 60 characters",
  "the intent is empty in 5 %",
] as const;
export type TicketChange = (typeof ticketChanges)[number];

/** One stream of tickets. */
export interface TicketStream {
  /** `even`: one mix of intents for all days. `restless`: shares differ by a fifth from day to day. */
  mix: "even" | "restless";
  change: TicketChange | null;
  seed: number;
}

/** What the detectors said about one stream. */
export interface TicketResult {
  workflowDays: number;
  /** Alarms before the change, or ever where there is none; a day's alarms are one. */
  falseAlarms: number;
  /** Runs from the change to the alarm; null if missed. */
  runs: number | null;
  onsetErrorMs: number;
}

interface Ticket {
  text: string;
  intent: string;
}

const perDay = 480;
const bucketMs = 15 * minuteMs;
/** The change comes on the 29th day, when the baseline has grown up. */
const changeMs = epochMs + 28 * dayMs + 9 * hourMs;
const quietDays = 60;

/** Replays banking77 tickets, drawn anew from their intents, as a triage workflow at default settings. */
export function replayTickets(folder: string, stream: TicketStream): TicketResult {
  const tickets = readTickets(folder);
  const endMs = stream.change === null ? epochMs + quietDays * dayMs : changeMs + (10_000 / perDay) * dayMs;
  const buckets = ticketBuckets(tickets, stream, endMs);
  const onsetMs = stream.change === null ? Infinity : changeMs;
  const result: TicketResult = {
    workflowDays: (Math.min(endMs, onsetMs) - epochMs) / dayMs,
    falseAlarms: 0,
    runs: null,
    onsetErrorMs: 0,
  };
  let alarmedMs = -Infinity;
  for (const { throughMs, changes } of replay(buckets, { bucketMs, sweepMs: bucketMs })) {
    const drift = changes.find(({ change }) => change === "drift");
    if (drift === undefined) continue;
    if (throughMs > onsetMs) {
      const onset = drift.verdict.kind === "drift" ? drift.verdict.onset.atMs : throughMs;
      return {
        ...result,
        runs: Math.round(((throughMs - onsetMs) / dayMs) * perDay),
        onsetErrorMs: onset - onsetMs,
      };
    }
    if (throughMs - alarmedMs > dayMs) result.falseAlarms += 1;
    alarmedMs = throughMs;
  }
  return result;
}

function readTickets(folder: string): Map<string, Ticket[]> {
  const byIntent = new Map<string, Ticket[]>();
  for (const file of ["train.csv", "test.csv"]) {
    for (const { text = "", category: intent = "" } of parseCsv(readFileSync(join(folder, file), "utf8"))) {
      const own = byIntent.get(intent);
      if (own === undefined) byIntent.set(intent, [{ text, intent }]);
      else own.push({ text, intent });
    }
  }
  return byIntent;
}

/** Buckets of all signals of the triage workflow, a quarter of an hour each. */
function ticketBuckets(
  tickets: ReadonlyMap<string, readonly Ticket[]>,
  { mix, change, seed }: TicketStream,
  endMs: number,
): SignalBucket[] {
  const draws = createRandom(seed, 77);
  const intents = [...tickets.keys()];
  // The seed chooses which intent is unknown, and who gains and who loses when the mix shifts.
  const unknown = Math.floor(draws.uniform() * intents.length);
  const gains = intents.map(() => draws.uniform() < 0.5);
  const buckets: SignalBucket[] = [];
  let weights: number[] = [];
  for (let atMs = epochMs; atMs < endMs; atMs += bucketMs) {
    const now = atMs >= changeMs ? change : null;
    if (atMs % dayMs === 0 || atMs === changeMs) {
      const base = intents.map((intent, at) => (at === unknown ? 0 : (tickets.get(intent)?.length ?? 0)));
      const daily = base.map((n) => n * (mix === "restless" ? Math.exp(0.22 * draws.normal()) : 1));
      weights = shifted(daily, now, gains, unknown);
    }
    const counts = new Map<string, SignalBucket>();
    const runs = draws.poisson((perDay * bucketMs) / dayMs);
    for (let run = 0; run < runs; run++) {
      const own = tickets.get(intents[pick(weights, draws)] ?? "") ?? [];
      const ticket = own[Math.floor(draws.uniform() * own.length)];
      if (ticket !== undefined) countRun(counts, broken(ticket, now, intents[0] ?? "", draws), atMs);
    }
    buckets.push(...counts.values());
  }
  return buckets;
}

/** The mix of a day after the change. */
function shifted(
  weights: readonly number[],
  change: TicketChange | null,
  gains: readonly boolean[],
  unknown: number,
): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((weight) => weight / sum);
  if (change === "an intent never seen takes a tenth")
    return shares.map((share, at) => (at === unknown ? 0.1 : 0.9 * share));
  if (change !== "the mix of intents shifts by TV .2") return shares;
  const gaining = shares.reduce((all, share, at) => all + (gains[at] === true ? share : 0), 0);
  return shares.map(
    (share, at) => share * (gains[at] === true ? 1 + 0.2 / gaining : 1 - 0.2 / (1 - gaining)),
  );
}

function pick(shares: readonly number[], draws: Random): number {
  let left = draws.uniform();
  return Math.max(
    0,
    shares.findIndex((share) => (left -= share) < 0),
  );
}

/** A run as the broken automation would report it. */
function broken(ticket: Ticket, change: TicketChange | null, target: string, draws: Random): Ticket {
  if (change === "texts are cut at 60 characters") return { ...ticket, text: ticket.text.slice(0, 60) };
  if (change === "a fifth is routed to one intent" && draws.uniform() < 0.2)
    return { ...ticket, intent: target };
  if (change === "the intent is empty in 5 %" && draws.uniform() < 0.05) return { ...ticket, intent: "" };
  return ticket;
}

function countRun(counts: Map<string, SignalBucket>, { text, intent }: Ticket, startMs: number): void {
  const add = (kind: SignalKind, field: string, bin: string): void => {
    const key = `${kind} ${field}`;
    const bucket = counts.get(key) ?? { workflow: "tickets", kind, field, startMs, counts: {} };
    bucket.counts[bin] = (bucket.counts[bin] ?? 0) + 1;
    counts.set(key, bucket);
  };
  const team = intent.split("_")[0] ?? "";
  add("volume", "", "run");
  add("null_rate", "input.text", "value");
  add("text_length", "input.text", numberBin(text.length) ?? "");
  add("null_rate", "output.intent", intent === "" ? "empty" : "value");
  add("output_distribution", "output.intent", intent === "" ? "empty" : `=${intent}`);
  add("output_distribution", "output.team", team === "" ? "empty" : `=${team}`);
}
