import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, it } from "vitest";
import { createAlerts } from "../../src/alerts/create-alerts.ts";
import { configSchema } from "../../src/config.ts";
import { openJournal } from "../../src/journal/open-journal.ts";
import { createMetrics } from "../../src/metrics.ts";
import { PermanentError } from "../../src/model/errors.ts";
import { createReload, type Follower } from "../../src/reload.ts";

function begin(settings: object, follow: Follower = () => () => undefined) {
  const log = pino({ level: "silent" });
  const journal = openJournal({
    path: join(mkdtempSync(join(tmpdir(), "evenkeel-reload-")), "journal"),
    log,
  });
  const clock = { nowMs: () => 1_000 };
  const metrics = createMetrics({ process: false });
  const config = configSchema.parse(settings);
  const alerts = createAlerts({ journal, clock, settings: config, meters: metrics, log });
  const followers = [follow, alerts.follow];
  const { reload, refusal } = createReload({ config, followers, alerts, journal, clock, log, metrics });
  const read = (next: object) => reload(() => configSchema.parse(next), "SIGHUP");
  const scrape = async () => (await metrics.render("")).body;
  return { config, journal, reload, read, refusal, scrape };
}

it("reload() takes over what may change, in the object that the parts hold", async () => {
  const { config, journal, read, scrape } = begin({ workflows: { a: { owner: "ana" }, b: {} } });
  const outcome = read({ workflows: { a: { owner: "ben" }, c: {} }, remind_hours: 1 });
  expect(outcome).toMatchObject({ kind: "reloaded" });
  expect(config).toMatchObject({ workflows: { a: { owner: "ben" } }, remind_hours: 1 });
  expect(Object.keys(config.workflows)).toEqual(["a", "c"]);
  const [entry] = journal.audit.list();
  expect(entry).toMatchObject({ action: "reload configuration", actor: "SIGHUP" });
  expect(entry?.detail.split(", ").sort()).toEqual([
    "remind_hours",
    "workflows.a.owner",
    "workflows.b",
    "workflows.c",
  ]);
  expect(entry?.detail).not.toContain("ben");
  const metrics = await scrape();
  expect(metrics).toContain('evenkeel_config_reloads_total{result="reloaded"} 1');
  expect(metrics).toContain("evenkeel_config_last_reload_successful 1");
  expect(metrics).toContain('evenkeel_workflow_info{workflow="a",owner="ben"} 1');
  expect(metrics).not.toContain('workflow="b"');
});

it("reload() says nothing where nothing has changed", async () => {
  const { read, journal, scrape } = begin({ workflows: { a: {} } });
  expect(read({ workflows: { a: { owner: "" } } })).toEqual({ kind: "unchanged" });
  expect(journal.audit.list()).toEqual([]);
  expect(await scrape()).not.toContain("evenkeel_config_reloads_total{");
});

const refusals = [
  {
    why: "a key that is built in",
    next: { port: 1, workflows: { a: { owner: "ben" } } },
    says: "'port' cannot change while the sidecar runs",
  },
  {
    why: "a nested key that is built in",
    next: { clickhouse: { password: "s3cret" }, workflows: { a: { owner: "ben" } } },
    says: "'clickhouse.password' cannot change",
  },
  {
    why: "a signing secret that cannot be read",
    next: {
      routes: { webhook: { url: "https://x.test", secret: "no" } },
      workflows: { a: { owner: "ben" } },
    },
    says: "'routes.webhook.secret' must be 'whsec_'",
  },
];
it.each(refusals)("reload() keeps all of the old settings on $why, and says so", async ({ next, says }) => {
  const { config, journal, read, refusal, scrape } = begin({ workflows: { a: { owner: "ana" } } });
  const before = structuredClone(config);
  const outcome = read(next);
  expect(outcome).toMatchObject({ kind: "refused", why: expect.stringContaining(says) as string });
  expect(config).toEqual(before);
  expect(refusal()).toContain(says);
  expect(refusal()).not.toContain("s3cret");
  expect(journal.audit.list()).toMatchObject([{ action: "problem" }]);
  expect(await scrape()).toContain("evenkeel_config_last_reload_successful 0");

  expect(read({ workflows: { a: { owner: "ana" } } })).toEqual({ kind: "unchanged" });
  expect(refusal()).toBe("");
  expect(journal.audit.list({ limit: 1 })).toMatchObject([{ action: "problem solved" }]);
  expect(await scrape()).toContain("evenkeel_config_last_reload_successful 1");
});

it("reload() refuses what cannot be read", () => {
  const { config, reload } = begin({});
  const outcome = reload(() => {
    throw new PermanentError("Cannot read configuration 'x'");
  }, "SIGHUP");
  expect(outcome).toEqual({ kind: "refused", why: "Cannot read configuration 'x'" });
  expect(config).toEqual(configSchema.parse({}));
});

it("reload() changes no part before every part agrees", () => {
  let taken = 0;
  const { config, read } = begin({}, () => () => {
    taken += 1;
  });
  const secret = { routes: { webhook: { url: "https://x.test", secret: "no" } } };
  expect(read(secret)).toMatchObject({ kind: "refused" });
  expect(taken).toBe(0);
  expect(config.routes.webhook.url).toBe("");
  expect(read({ remind_hours: 2 })).toMatchObject({ kind: "reloaded" });
  expect(taken).toBe(1);
});
