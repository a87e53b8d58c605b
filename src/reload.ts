import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { Alerts } from "./alerts/create-alerts.ts";
import type { Config } from "./config.ts";
import type { Journal } from "./journal/port.ts";
import type { Clock } from "./model/clock.ts";
import { PermanentError } from "./model/errors.ts";
import type { CounterLike, GaugeLike } from "./model/meters.ts";

/** First keys of the settings that take effect while the sidecar runs; what any other says is built into its parts. */
const liveKeys = [
  "public_url",
  "keys",
  "routes",
  "allow_private_webhooks",
  "remind_hours",
  "quiet_hours",
  "redaction",
  "retention",
  "catalogues",
  "workflows",
] as const satisfies readonly (keyof Config)[];

/** What became of reading the configuration again. `why` is a full sentence, `keys` are dotted paths. */
export type ReloadOutcome =
  | { kind: "unchanged" }
  | { kind: "reloaded"; keys: string[] }
  | { kind: "refused"; why: string };

/**
 * A part that keeps something made from the settings. Called with the new ones before they are in force, it makes what
 * it needs and answers how to take that over.
 *
 * @throws {PermanentError} If it cannot follow; nothing changes then, in any part.
 */
export type Follower = (next: Config) => () => void;

/** What `createReload` works with. */
export interface ReloadDeps {
  /** The settings in force. The object stays, its members are replaced. */
  config: Config;
  followers: readonly Follower[];
  alerts: Pick<Alerts, "problem">;
  journal: Pick<Journal, "audit">;
  clock: Clock;
  log: Logger;
  metrics: { configReloads: CounterLike<"result">; configLastReloadSuccessful: GaugeLike };
}

/** Takes over changed settings, all of them or none. */
export interface Reload {
  /**
   * @param load Reads the whole configuration.
   * @param actor What asked for it, for the audit log: `SIGHUP`, `file change`.
   * @throws never: a refusal is told to people, and the old settings stay.
   */
  reload: (load: () => Config, actor: string) => ReloadOutcome;
  /** Why the latest change was refused; "" while what the file says is in force. */
  refusal: () => string;
}

/** Creates the reload of a running sidecar. */
export function createReload(deps: ReloadDeps): Reload {
  const { alerts, log, metrics } = deps;
  let refusal = "";
  metrics.configLastReloadSuccessful.set({}, 1);
  return {
    refusal: () => refusal,
    reload(load, actor) {
      const outcome = tryReload(deps, load, actor);
      if (outcome.kind !== "unchanged" || refusal !== "") metrics.configReloads.inc({ result: outcome.kind });
      refusal = outcome.kind === "refused" ? outcome.why : "";
      metrics.configLastReloadSuccessful.set({}, refusal === "" ? 1 : 0);
      if (outcome.kind === "refused") log.error({ why: outcome.why }, "Cannot reload the configuration");
      if (outcome.kind === "reloaded") log.info({ keys: outcome.keys }, "Reloaded the configuration");
      alerts.problem({
        problemId: "configuration",
        text:
          refusal === ""
            ? "The configuration in the file is in force again"
            : `${refusal}. The old settings stay`,
        solved: refusal === "",
      });
      return outcome;
    },
  };
}

const auditKeysMax = 20;

function tryReload(
  { config, followers, journal, clock }: ReloadDeps,
  load: () => Config,
  actor: string,
): ReloadOutcome {
  try {
    const next = load();
    const keys = changedKeys(config, next);
    if (keys.length === 0) return { kind: "unchanged" };
    const fixed = keys.filter((key) => !liveKeys.some((live) => key === live || key.startsWith(`${live}.`)));
    if (fixed.length > 0) return { kind: "refused", why: fixedRefusal(fixed) };
    // Every part agrees before any of them changes.
    const steps = followers.map((follow) => follow(next));
    Object.assign(config, Object.fromEntries(liveKeys.map((key) => [key, next[key]])));
    for (const step of steps) step();
    const more = keys.length > auditKeysMax ? ` and ${keys.length - auditKeysMax} more` : "";
    const detail = keys.slice(0, auditKeysMax).join(", ") + more;
    journal.audit.append({
      atMs: clock.nowMs(),
      actor,
      action: "reload configuration",
      workflow: "",
      detail,
    });
    return { kind: "reloaded", keys };
  } catch (error) {
    if (error instanceof PermanentError) return { kind: "refused", why: error.message };
    throw error;
  }
}

function fixedRefusal(keys: readonly string[]): string {
  const names = keys.map((key) => `'${key}'`).join(", ");
  return `Cannot reload the configuration: ${names} cannot change while the sidecar runs; restart it to apply them`;
}

/** Dotted paths at which two settings differ; a list is one setting. */
function changedKeys(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isMapping(before) || !isMapping(after)) return [path.join(".")];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changedKeys(before[name], after[name], [...path, name]));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
