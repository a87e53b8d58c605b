import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import type { AlertSettings, PauseAdapter } from "../../../src/alerts/settings.ts";
import { incident, event, settings } from "../../unit/alerts/build.ts";
import { type Bench, createBench } from "./bench.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const rotated = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  open.push(started);
  return started;
}

function bench(given: AlertSettings): Bench {
  const created = createBench(given);
  open.push(created);
  return created;
}

const warning = incident({ severity: "warning", signals: [] });

function opened(n = 0) {
  return { incidents: [warning], events: [event("opened", warning, n)] };
}

describe("webhook route", () => {
  it("posts what a Standard Webhooks receiver verifies, with every secret during rotation", async () => {
    const hook = await receiver();
    const { alerts, journal } = bench(
      settings({ webhook: { url: `${hook.url}/in`, secret: `${secret} ${rotated}` } }),
    );
    alerts.record(opened());
    await alerts.drain();
    const [got] = hook.requests;
    expect(got).toMatchObject({ method: "POST", path: "/in" });
    for (const one of [secret, rotated]) {
      const verified = new Webhook(one).verify(got!.body, got!.headers as Record<string, string>);
      expect(verified).toMatchObject({ type: "incident.opened", data: { incident_id: warning.incidentId } });
    }
    expect(journal.outbox.list()[0]).toMatchObject({ state: "delivered", key: got!.headers["webhook-id"] });
  });

  it("makes and keeps a secret of its own where none is configured", async () => {
    const hook = await receiver();
    const { alerts, journal } = bench(settings({ webhook: { url: hook.url, secret: "" } }));
    alerts.record(opened());
    await alerts.drain();
    const own = journal.meta.get("webhook secret") ?? "";
    const [got] = hook.requests;
    expect(new Webhook(own).verify(got!.body, got!.headers as Record<string, string>)).toBeDefined();
  });

  it("tries again by the schedule under the same id, and keeps the order of an incident", async () => {
    const hook = await receiver((_, n) => ({ status: n <= 2 ? 500 : 204 }));
    const { alerts, counted, drainAfter } = bench(settings({ webhook: { url: hook.url, secret } }));
    alerts.record(opened(1));
    alerts.record(opened(2));
    await alerts.drain();
    await drainAfter(4_999);
    expect(hook.requests).toHaveLength(1);
    await drainAfter(1);
    expect(hook.requests).toHaveLength(2);
    await drainAfter(300_000);
    const ids = hook.requests.map((request) => request.headers["webhook-id"]);
    expect(ids).toEqual([...Array<string>(3).fill("evt_opened1-webhook"), "evt_opened2-webhook"]);
    expect(counted).toEqual(["webhook failed", "webhook failed", "webhook delivered", "webhook delivered"]);
  });

  it("waits as long as the server asks", async () => {
    const hook = await receiver((_, n) => ({
      status: n === 1 ? 429 : 200,
      headers: { "retry-after": "60" },
    }));
    const { alerts, drainAfter } = bench(settings({ webhook: { url: hook.url, secret } }));
    alerts.record(opened());
    await alerts.drain();
    await drainAfter(59_999);
    expect(hook.requests).toHaveLength(1);
    await drainAfter(1);
    expect(hook.requests).toHaveLength(2);
  });

  it("disables an endpoint that answers 410, until a message is retried by hand", async () => {
    const hook = await receiver((_, n) => ({ status: n === 1 ? 410 : 200 }));
    const { alerts, journal } = bench(settings({ webhook: { url: hook.url, secret } }));
    alerts.record(opened(1));
    await alerts.drain();
    alerts.record(opened(2));
    await alerts.drain();
    expect(hook.requests).toHaveLength(1);
    expect(journal.outbox.list({ state: "dead" })).toHaveLength(2);
    expect(alerts.retry("evt_opened2-webhook", "ana")).toBe(true);
    await alerts.drain();
    expect(hook.requests).toHaveLength(2);
    expect(journal.audit.list()).toContainEqual(
      expect.objectContaining({ actor: "ana", action: "retry delivery", detail: "evt_opened2-webhook" }),
    );
    expect(alerts.retry("evt_opened2-webhook", "ana")).toBe(false);
  });

  it("follows no redirect", async () => {
    const target = await receiver();
    const hook = await receiver(() => ({ status: 302, headers: { location: target.url } }));
    const { alerts, counted } = bench(settings({ webhook: { url: hook.url, secret } }));
    alerts.record(opened());
    await alerts.drain();
    expect(target.requests).toHaveLength(0);
    expect(counted).toEqual(["webhook failed"]);
  });

  const privateUrls = [
    { why: "an address", host: "127.0.0.1" },
    { why: "a name that leads to one", host: "localhost" },
    { why: "a mapped address", host: "[::ffff:127.0.0.1]" },
    { why: "a number that is one", host: "2130706433" },
  ];
  it.each(privateUrls)("refuses $why that is private, unless allowed", async ({ host }) => {
    const hook = await receiver();
    const url = hook.url.replace("127.0.0.1", host);
    const { alerts, journal } = bench({
      ...settings({ webhook: { url, secret } }),
      allow_private_webhooks: false,
    });
    alerts.record(opened());
    await alerts.drain();
    expect(hook.requests).toHaveLength(0);
    expect(journal.outbox.list({ state: "dead" })[0]?.lastError).toBe(
      "Cannot call URL: its address is not public. Set 'allow_private_webhooks: true' if it is meant to be reached",
    );
  });
});

describe("slack route", () => {
  const slackSettings = (slack: Partial<AlertSettings["routes"]["slack"]>) =>
    settings({ slack: { webhook_url: "", bot_token: "", channel: "C1", signing_secret: "", ...slack } });

  it("posts one message per transition to an incoming webhook", async () => {
    const slack = await receiver();
    const { alerts } = bench(slackSettings({ webhook_url: `${slack.url}/services/T/B/x` }));
    alerts.record(opened());
    alerts.record({ incidents: [], events: [event("joined", warning), event("recovered", warning)] });
    await alerts.drain();
    expect(slack.requests.map(({ path }) => path)).toEqual(["/services/T/B/x", "/services/T/B/x"]);
    const [first, second] = slack.requests.map(
      ({ body }) => JSON.parse(body) as { text: string; blocks: unknown[] },
    );
    expect(first?.text).toContain("invoices: drift");
    expect(first?.blocks.length).toBeGreaterThan(2);
    expect(second?.text).toContain("invoices: recovered");
  });

  it("keeps one thread per incident with a bot token: posts, then updates in place and replies", async () => {
    const slack = await receiver(() => ({ status: 200, body: '{"ok":true,"ts":"17.1","channel":"C9"}' }));
    const { alerts } = bench(
      slackSettings({ bot_token: "xoxb-1", api_url: `${slack.url}/api`, signing_secret: "s" }),
    );
    alerts.record(opened());
    await alerts.drain();
    alerts.record({ incidents: [], events: [event("acknowledged", { ...warning, state: "acknowledged" })] });
    await alerts.drain();
    const calls = slack.requests.map(({ path, headers, body }) => ({
      path,
      token: headers.authorization,
      ...(JSON.parse(body) as Record<string, unknown>),
    }));
    expect(calls).toMatchObject([
      { path: "/api/chat.postMessage", token: "Bearer xoxb-1", channel: "C1" },
      { path: "/api/chat.update", channel: "C9", ts: "17.1" },
      { path: "/api/chat.postMessage", channel: "C9", thread_ts: "17.1", reply_broadcast: false },
    ]);
    expect(JSON.stringify(calls[0])).toContain("evenkeel_acknowledge");
    expect(JSON.stringify(calls[1])).not.toContain("evenkeel_acknowledge");
  });

  it("leaves the whole channel alone for as long as a 429 asks", async () => {
    const slack = await receiver((_, n) =>
      n === 1
        ? { status: 429, headers: { "retry-after": "30" } }
        : { status: 200, body: '{"ok":true,"ts":"1"}' },
    );
    const { alerts, drainAfter } = bench(slackSettings({ bot_token: "x", api_url: slack.url }));
    alerts.record(opened());
    await alerts.drain();
    const other = { ...warning, incidentId: "inc_other" };
    alerts.record({ incidents: [other], events: [event("opened", other, 2)] });
    await drainAfter(29_000);
    expect(slack.requests).toHaveLength(1);
    await drainAfter(1_000);
    expect(slack.requests).toHaveLength(3);
  });

  const refusals = [
    { why: "at once when Slack will never take it", error: "channel_not_found", state: "dead" },
    { why: "not while Slack may take it later", error: "internal_error", state: "pending" },
  ];
  it.each(refusals)("gives a message up $why", async ({ error, state }) => {
    const slack = await receiver(() => ({ status: 200, body: JSON.stringify({ ok: false, error }) }));
    const { alerts, journal } = bench(slackSettings({ bot_token: "x", api_url: slack.url }));
    alerts.record(opened());
    await alerts.drain();
    expect(journal.outbox.list()[0]).toMatchObject({ state, lastError: `Slack answered '${error}'` });
  });
});

describe("alertmanager route", () => {
  it("posts firing alerts and their end to the v2 API", async () => {
    const manager = await receiver();
    const { alerts } = bench(settings({ alertmanager: { url: `${manager.url}/` } }));
    alerts.record(opened());
    const resolved = { ...warning, state: "resolved" as const };
    alerts.record({ incidents: [resolved], events: [event("recovered", resolved)] });
    await alerts.drain();
    const sent = manager.requests.map(({ method, path, body }) => ({
      method,
      path,
      alerts: JSON.parse(body) as { labels: object; endsAt: string }[],
    }));
    expect(sent).toHaveLength(2);
    expect(sent[0]).toMatchObject({ method: "POST", path: "/api/v2/alerts" });
    expect(sent[1]!.alerts[0]!.labels).toEqual(sent[0]!.alerts[0]!.labels);
    expect(Date.parse(sent[0]!.alerts[0]!.endsAt)).toBeGreaterThan(Date.now());
    expect(Date.parse(sent[1]!.alerts[0]!.endsAt)).toBeLessThanOrEqual(Date.now());
  });
});

describe("pause", () => {
  const adapter = (url: string): PauseAdapter => ({
    platform: "airflow",
    url,
    id: "dag",
    token: "t",
    namespace: "",
  });

  it("sets the gate first, then calls the signed webhook and the platform, and resumes the same way", async () => {
    const hook = await receiver();
    const platform = await receiver();
    const { alerts, journal } = bench(
      settings({}, { webhook: hook.url, secret, adapter: adapter(platform.url) }),
    );
    const critical = incident();
    alerts.record({ incidents: [critical], events: [event("opened", critical)] });
    expect(journal.pauses.get("invoices")).toMatchObject({
      state: "paused",
      incidentId: critical.incidentId,
    });
    expect(journal.incidents.get(critical.incidentId)?.pausedWorkflow).toBe(true);
    expect(hook.requests).toHaveLength(0);
    await alerts.drain();
    expect(alerts.resumeWorkflow({ workflow: "invoices", actor: "ana", reason: "fixed" })).toBe(true);
    await alerts.drain();
    const verified = hook.requests.map(({ body, headers }) =>
      new Webhook(secret).verify(body, headers as Record<string, string>),
    );
    expect(verified).toMatchObject([
      { type: "workflow.paused", data: { workflow: "invoices", actor: "evenkeel" } },
      { type: "workflow.resumed", data: { workflow: "invoices", actor: "ana", reason: "fixed" } },
    ]);
    expect(platform.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ["PATCH", "/api/v2/dags/dag?update_mask=is_paused", '{"is_paused":true}'],
      ["PATCH", "/api/v2/dags/dag?update_mask=is_paused", '{"is_paused":false}'],
    ]);
    expect(journal.audit.list().map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      "ana resume",
      "evenkeel incident opened",
      "evenkeel pause",
    ]);
  });

  it("does not pause again for an incident after a person resumed", () => {
    const { alerts, journal } = bench(settings());
    const critical = incident();
    alerts.record({ incidents: [critical], events: [event("opened", critical)] });
    alerts.resumeWorkflow({ workflow: "invoices", actor: "ana", reason: "" });
    alerts.record({ incidents: [journal.incidents.get(critical.incidentId)!], events: [] });
    expect(journal.pauses.get("invoices").state).toBe("running");
  });

  it("only says what it would have done in a dry run", async () => {
    const hook = await receiver();
    const { alerts, journal } = bench(settings({ webhook: { url: hook.url, secret } }, { mode: "dry-run" }));
    const critical = incident();
    alerts.record({ incidents: [critical], events: [event("opened", critical)] });
    await alerts.drain();
    expect(journal.pauses.get("invoices").state).toBe("running");
    expect(JSON.parse(hook.requests[0]!.body)).toMatchObject({ data: { would_pause: true } });
  });

  it("answers false when there is nothing to do", () => {
    const { alerts } = bench(settings());
    const one = { workflow: "invoices", actor: "ana", reason: "" };
    expect(alerts.resumeWorkflow(one)).toBe(false);
    expect(alerts.pauseWorkflow(one)).toBe(true);
    expect(alerts.pauseWorkflow(one)).toBe(false);
  });
});

describe("gauges", () => {
  it("show pauses, incidents and messages at each scrape, and fall back to zero", async () => {
    let status = 410;
    const hook = await receiver(() => ({ status }));
    const { alerts, metrics } = bench(settings({ webhook: { url: hook.url, secret } }));
    const critical = incident();
    alerts.record({ incidents: [critical], events: [event("opened", critical)] });
    await alerts.drain();
    const scrape = async () => (await metrics.render("")).body;
    const before = await scrape();
    expect(before).toContain('evenkeel_workflow_paused{workflow="invoices"} 1');
    expect(before).toContain(
      'evenkeel_workflow_info{workflow="invoices",owner="invoices-team@example.test"} 1',
    );
    expect(before).toContain('evenkeel_incidents{workflow="invoices",state="open"} 1');
    expect(before).toContain('evenkeel_outbox_messages{channel="webhook",state="dead"} 2');
    status = 200;
    expect(alerts.retry("evt_opened0-webhook", "ana")).toBe(true);
    alerts.resumeWorkflow({ workflow: "invoices", actor: "ana", reason: "" });
    const resolved = { ...critical, state: "resolved" as const, pausedWorkflow: true };
    alerts.record({ incidents: [resolved], events: [event("resolved", resolved)] });
    await alerts.drain();
    const after = await scrape();
    expect(after).toContain('evenkeel_workflow_paused{workflow="invoices"} 0');
    expect(after).toContain('evenkeel_incidents{workflow="invoices",state="open"} 0');
    expect(after).toContain('evenkeel_outbox_messages{channel="webhook",state="dead"} 1');
    expect(after).toContain('evenkeel_outbox_messages{channel="webhook",state="pending"} 0');
  });
});

describe("a route that fails", () => {
  it("holds up no other, is told of through the others, and told of again when it works", async () => {
    let works = false;
    const broken = await receiver(() => ({ status: works ? 200 : 503 }));
    const hook = await receiver();
    const slack = { webhook_url: broken.url, bot_token: "", channel: "", signing_secret: "" };
    const { alerts, drainAfter } = bench(settings({ slack, webhook: { url: hook.url, secret } }));
    alerts.record(opened());
    await alerts.drain();
    expect(hook.requests).toHaveLength(1);
    await drainAfter(1_000);
    await drainAfter(2_000);
    await alerts.drain();
    const types = () => hook.requests.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(broken.requests).toHaveLength(3);
    expect(types()).toEqual(["incident.opened", "sidecar.problem"]);
    works = true;
    await drainAfter(5_000);
    await alerts.drain();
    expect(types()).toEqual(["incident.opened", "sidecar.problem", "sidecar.problem_solved"]);
  });

  it("is told of once an hour while it comes and goes, and at last as it stands", async () => {
    let works = false;
    const flaky = await receiver(() => ({ status: works ? 200 : 503 }));
    const hook = await receiver();
    const slack = { webhook_url: flaky.url, bot_token: "", channel: "", signing_secret: "" };
    const { alerts, journal, drainAfter } = bench(settings({ slack, webhook: { url: hook.url, secret } }));
    const told = () =>
      hook.requests
        .map(({ body }) => (JSON.parse(body) as { type: string }).type)
        .filter((type) => type.startsWith("sidecar."));
    let n = 0;
    /** One message that gets through at the fourth attempt, ten minutes later; or not. */
    const fail = async (mends: boolean) => {
      n += 1;
      works = false;
      alerts.record(opened(n));
      await alerts.drain();
      for (const ms of [1_000, 2_000]) await drainAfter(ms);
      await alerts.drain();
      works = mends;
      await drainAfter(600_000);
      await alerts.drain();
    };
    for (let time = 0; time < 4; time += 1) await fail(true);
    expect(told()).toEqual(["sidecar.problem", "sidecar.problem_solved"]);
    // The log has each.
    const logged = journal.audit.list().map(({ action }) => action);
    expect(logged.filter((action) => action === "problem")).toHaveLength(4);
    expect(logged.filter((action) => action === "problem solved")).toHaveLength(4);
    await fail(false);
    expect(told()).toHaveLength(2);
    await drainAfter(600_000);
    await alerts.drain();
    expect(told()).toEqual(["sidecar.problem", "sidecar.problem_solved", "sidecar.problem"]);
    works = true;
    await drainAfter(3_600_000);
    await alerts.drain();
    expect(told().at(-1)).toBe("sidecar.problem_solved");
  });

  it("is told of at once after a clock that was ahead for a while", async () => {
    let works = false;
    const flaky = await receiver(() => ({ status: works ? 200 : 503 }));
    const hook = await receiver();
    const slack = { webhook_url: flaky.url, bot_token: "", channel: "", signing_secret: "" };
    const { alerts, clock, drainAfter } = bench(settings({ slack, webhook: { url: hook.url, secret } }));
    for (const n of [1, 2]) {
      works = false;
      alerts.record(opened(n));
      for (const ms of [0, 1_000, 2_000]) await drainAfter(ms);
      works = true;
      for (const ms of [0, 600_000, 0]) await drainAfter(ms);
      clock.advance(-86_400_000);
    }
    const types = hook.requests.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    const once = ["sidecar.problem", "sidecar.problem_solved"];
    expect(types.filter((type) => type.startsWith("sidecar."))).toEqual([...once, ...once]);
  });

  it("gives up when the schedule is exhausted, and goes on with the next message", async () => {
    const broken = await receiver((_, n) => ({ status: n <= 10 ? 500 : 200 }));
    const { alerts, journal, drainAfter } = bench(settings({ webhook: { url: broken.url, secret } }));
    alerts.record(opened(1));
    alerts.record(opened(2));
    await alerts.drain();
    for (let attempt = 0; attempt < 9; attempt += 1) await drainAfter(27 * 3_600_000);
    const states = journal.outbox.list().map(({ key, state }) => `${key} ${state}`);
    expect(states).toContain("evt_opened1-webhook dead");
    expect(states).toContain("evt_opened2-webhook delivered");
  });
});
