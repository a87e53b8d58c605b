import type { Logger } from "pino";
import type { Delivery, Journal } from "../journal/port.ts";
import { type Clock, dayMs, hourMs, systemClock } from "../model/clock.ts";
import type { CounterLike } from "../model/meters.ts";
import { createCall } from "./call.ts";
import { createDispatcher } from "./dispatcher.ts";
import { type JournalGauges, showJournal } from "./gauges.ts";
import { createLedger, type Ledger, type Problem } from "./ledger.ts";
import { createNotifiers } from "./notifiers.ts";
import { createResend, resendMs } from "./notify-alertmanager.ts";
import { disabledKey } from "./notify-webhook.ts";
import { type AlertSettings, settingsOf } from "./settings.ts";

export interface AlertsDeps {
  journal: Journal;
  /** Time of the data: incidents, pauses, retries. The demo's runs fast. */
  clock: Clock;
  /** Real time, for signatures and Alertmanager. */
  wallClock?: Clock;
  /** The settings in force: members may be replaced while the sidecar runs. */
  settings: AlertSettings;
  meters: JournalGauges & { deliveries: CounterLike<"channel" | "result"> };
  log: Logger;
  /** Between 0 and 1, for jitter. */
  random?: () => number;
}

/** Tells people and programs, and stops workflows. */
export interface Alerts extends Ledger {
  /** Sends what is owed from before, and goes on until `stop`. */
  start(): void;
  /** Starts no more attempts and awaits those under way. */
  stop(): Promise<void>;
  /** Sends everything that is due; resolves when no attempt is under way. */
  drain(): Promise<void>;
  /** Makes a dead message due again, also one whose endpoint was disabled. False if there is no such message. */
  retry(key: string, actor: string): boolean;
  /**
   * Makes the routes of other settings, and answers how to take them into use.
   *
   * @throws {PermanentError} If a signing secret cannot be read.
   */
  follow: (next: AlertSettings) => () => void;
}

const callTimeoutMs = 15_000;
/** How often the outbox is looked at for retries; new messages leave at once. */
const pollMs = 500;
const pruneEveryMs = hourMs;
/** Delivered messages are kept so long, for people who ask what was sent. */
const keptMs = 90 * dayMs;

/**
 * Creates the alerts.
 *
 * @throws {PermanentError} If a signing secret cannot be read.
 */
export function createAlerts(deps: AlertsDeps): Alerts {
  const { journal, clock, settings, meters, log, wallClock = systemClock, random = Math.random } = deps;
  const call = createCall({ timeoutMs: callTimeoutMs });
  let timers: NodeJS.Timeout[] = [];
  const ledger = createLedger({
    journal,
    clock,
    settings,
    onOwed: () => setImmediate(() => timers.length > 0 && dispatcher.pump()),
  });
  const notifiersOf = (given: AlertSettings) =>
    createNotifiers({ settings: given, journal, call, wallClock, log });
  let notifiers = notifiersOf(settings);
  const dispatcher = createDispatcher({
    journal,
    clock,
    notifiers: () => notifiers,
    deliveries: meters.deliveries,
    log,
    random,
    onTrouble: (message, error) => ledger.problem(routeProblem(message, error), message.channel),
    onDelivered: ({ channel }) => ledger.problem(routeWorks(channel), channel),
  });
  const resend = () => {
    const { routes, public_url: publicUrl } = settings;
    if (routes.alertmanager.url === "") return Promise.resolve();
    return createResend({ call, url: routes.alertmanager.url, wallClock, publicUrl, journal, clock, log })();
  };

  showJournal(journal, settings, meters);

  return {
    ...ledger,
    start() {
      timers = [setInterval(() => dispatcher.pump(), pollMs)];
      timers.push(setInterval(() => journal.outbox.prune(clock.nowMs() - keptMs), pruneEveryMs));
      timers.push(setInterval(() => void resend(), resendMs));
      dispatcher.pump();
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      timers = [];
      await dispatcher.stop();
    },
    async drain() {
      dispatcher.pump();
      await dispatcher.settled();
    },
    retry: (key, actor) => retry(deps, key, actor),
    follow(next) {
      const made = notifiersOf(next);
      return () => {
        notifiers = made;
        dispatcher.pump();
      };
    },
  };
}

function retry({ journal, clock, settings }: AlertsDeps, key: string, actor: string): boolean {
  const message = journal.outbox.get(key);
  if (message?.state !== "dead") return false;
  const { channel, workflow } = message;
  return journal.transaction(() => {
    const url =
      channel === "pause" ? settingsOf(settings, workflow).pause.webhook : settings.routes.webhook.url;
    journal.meta.set(disabledKey(url), "no");
    journal.audit.append({ atMs: clock.nowMs(), actor, action: "retry delivery", workflow, detail: key });
    return journal.outbox.retry(key, clock.nowMs());
  });
}

/** A route that comes and goes is told of once in so long. */
const routeQuietMs = hourMs;

/** A route that fails is told of through the others. */
function routeProblem({ channel, key }: Delivery, error: string): Problem {
  return {
    problemId: `route ${channel}`,
    text: `The route '${channel}' fails: ${error}. It owes message ${key}`,
    solved: false,
    quietMs: routeQuietMs,
  };
}

function routeWorks(channel: string): Problem {
  return {
    problemId: `route ${channel}`,
    text: `The route '${channel}' works again`,
    solved: true,
    quietMs: routeQuietMs,
  };
}
