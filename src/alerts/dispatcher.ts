import type { Logger } from "pino";
import type { Delivery, Journal } from "../journal/port.ts";
import { type Clock, minuteMs } from "../model/clock.ts";
import type { CounterLike } from "../model/meters.ts";
import { type Attempt, attemptOfFault, type Notifier } from "./notifier.ts";
import { ordinarySchedule, retryDelaySeconds, urgentSchedule } from "./retry-delay.ts";

/** Looks for due messages, sends them, and writes down what became of them. */
export interface Dispatcher {
  /** Starts every attempt that is due and not under way. Returns at once. */
  pump(): void;
  /** Resolves when no attempt is under way. Messages that wait for a retry are not awaited. */
  settled(): Promise<void>;
  /** Starts no more attempts and awaits those under way. */
  stop(): Promise<void>;
}

export interface DispatcherDeps {
  journal: Journal;
  clock: Clock;
  /** The notifiers in use, by channel. */
  notifiers: () => ReadonlyMap<string, Notifier>;
  deliveries: CounterLike<"channel" | "result">;
  log: Logger;
  random(): number;
  /** Called when a message failed for the third time, and when it was given up. */
  onTrouble(message: Delivery, error: string): void;
  onDelivered(message: Delivery): void;
}

const lookahead = 1000;
const perChannelMax = 4;
const troubleAttempts = 3;
const unwrittenHoldMs = minuteMs;
const urgent = new Set(["slack", "pause", "platform"]);

/**
 * Creates the dispatcher. At least once: an attempt is written down after it was made, so a crash in between sends
 * the message once more under the same key. The journal hands out one message of a (channel, subject) at a time,
 * and each channel has attempts of its own, so that a route that fails holds up no other.
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { journal, clock, log } = deps;
  const underWay = new Map<string, { channel: string; done: Promise<void> }>();
  /** A receiver that asked for patience is left alone as a whole. */
  const heldUntilMs = new Map<string, number>();

  let stopped = false;

  function pump(): void {
    if (stopped) return;
    const nowMs = clock.nowMs();
    for (const message of journal.outbox.due(nowMs, lookahead)) {
      const { key, channel } = message;
      const busy = [...underWay.values()].filter((attempt) => attempt.channel === channel).length;
      if (underWay.has(key) || busy >= perChannelMax || (heldUntilMs.get(receiverOf(message)) ?? 0) > nowMs)
        continue;
      const done = attempt(message)
        .catch((error: unknown) => {
          // Unwritten, the message is as due as before: without patience it would be sent on and on.
          heldUntilMs.set(receiverOf(message), clock.nowMs() + unwrittenHoldMs);
          log.error({ err: error, channel, key }, "Cannot write down a delivery");
        })
        .then(() => void underWay.delete(key));
      void done.then(pump);
      underWay.set(key, { channel, done });
    }
  }

  async function attempt(message: Delivery): Promise<void> {
    const notifier = deps.notifiers().get(message.channel);
    const result =
      notifier === undefined
        ? { kind: "dead" as const, error: `Cannot deliver: no route '${message.channel}' is configured` }
        : await notifier.deliver(message).catch(attemptOfFault);
    const heldMs = writeDown(deps, message, result);
    if (heldMs > 0) heldUntilMs.set(receiverOf(message), clock.nowMs() + heldMs);
  }

  async function settled(): Promise<void> {
    while (underWay.size > 0) await Promise.all([...underWay.values()].map(({ done }) => done));
  }

  return {
    pump,
    settled,
    async stop() {
      stopped = true;
      await settled();
    },
  };
}

/** Each workflow is paused at a server of its own, of which one must not hold up the others. */
function receiverOf({ channel, workflow }: Delivery): string {
  return channel === "pause" || channel === "platform" ? `${channel} ${workflow}` : channel;
}

/** Writes down what became of an attempt. Answers for how long its receiver is to be left alone. */
function writeDown(deps: DispatcherDeps, message: Delivery, result: Attempt): number {
  const { journal, log } = deps;
  const { key, channel } = message;
  const nowMs = deps.clock.nowMs();
  deps.deliveries.inc({ channel, result: result.kind });
  if (result.kind === "delivered") {
    journal.outbox.delivered(key, nowMs);
    deps.onDelivered(message);
    return 0;
  }
  const { error } = result;
  const failures = message.attempts + 1;
  const schedule = urgent.has(channel) ? urgentSchedule : ordinarySchedule;
  const delay = result.kind === "dead" ? null : retryDelaySeconds(schedule, failures, deps.random());
  log.warn({ channel, key, failures, error, givenUp: delay === null }, "Cannot deliver message");
  if (result.kind === "dead" || delay === null) {
    journal.outbox.dead(key, error);
    deps.onTrouble(message, error);
    return 0;
  }
  const waitSeconds = Math.max(delay, result.retryAfterSeconds);
  journal.outbox.failed(key, error, Math.round(nowMs + waitSeconds * 1000));
  if (failures === troubleAttempts) deps.onTrouble(message, error);
  return result.retryAfterSeconds * 1000;
}
