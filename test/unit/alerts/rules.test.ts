import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { decidePause } from "../../../src/alerts/decide-pause.ts";
import { alertsOf } from "../../../src/alerts/notify-alertmanager.ts";
import { owedMessages } from "../../../src/alerts/owed-messages.ts";
import { platformCall } from "../../../src/alerts/platform-call.ts";
import { isPrivateAddress } from "../../../src/alerts/private-address.ts";
import { ordinarySchedule, retryDelaySeconds, urgentSchedule } from "../../../src/alerts/retry-delay.ts";
import type { PauseAdapter, PauseSettings } from "../../../src/alerts/settings.ts";
import { readSlackPress } from "../../../src/alerts/slack-actions.ts";
import { webhookBody } from "../../../src/alerts/webhook-body.ts";
import type { Incident } from "../../../src/model/incident.ts";
import { moved } from "../incidents/build.ts";
import { incident, notice, pauseState, settings, startMs } from "./build.ts";

describe("decidePause()", () => {
  const on: PauseSettings["on"] = ["null_rate"];
  const drifting = (overrides: object) =>
    moved({ workflow: "w", kind: "null_rate", field: "output.a" }, startMs, { pause: true, ...overrides });
  const cases: { why: string; incident?: Partial<Incident>; mode?: PauseSettings["mode"]; kind: string }[] = [
    { why: "pauses for a configured kind by the strict parameters", kind: "pause" },
    { why: "only says so in a dry run", mode: "dry-run", kind: "would pause" },
    { why: "does nothing when off", mode: "off", kind: "run" },
    {
      why: "does not pause on the alarm level alone",
      incident: { signals: [drifting({ pause: false })] },
      kind: "run",
    },
    {
      why: "does not pause for another kind",
      incident: { signals: [moved({ workflow: "w", kind: "errors", field: "" }, startMs, { pause: true })] },
      kind: "run",
    },
    {
      why: "does not pause for a signal that has recovered",
      incident: { signals: [{ ...drifting({}), recoveredAtMs: startMs }] },
      kind: "run",
    },
    { why: "does not overrule a person who resumed", incident: { pausedWorkflow: true }, kind: "run" },
    { why: "does not pause for a resolved incident", incident: { state: "resolved" }, kind: "run" },
  ];
  it.each(cases)("$why", ({ incident: overrides = {}, mode = "on", kind }) => {
    expect(decidePause(incident(overrides), { mode, on }).kind).toBe(kind);
  });
});

describe("isPrivateAddress()", () => {
  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "::1",
    "::",
    "fd00::1",
    "fe80::1",
    "::ffff:127.0.0.1",
    "::ffff:a00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "not an address",
  ])("refuses %s", (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });
  it.each(["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])(
    "allows %s",
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});

describe("retryDelaySeconds()", () => {
  it("follows the schedule, adds at most a tenth, and ends", () => {
    expect(retryDelaySeconds(ordinarySchedule, 1, 0)).toBe(5);
    expect(retryDelaySeconds(ordinarySchedule, 1, 1)).toBe(5.5);
    expect(retryDelaySeconds(ordinarySchedule, ordinarySchedule.length, 0)).toBe(24 * 3600);
    expect(retryDelaySeconds(ordinarySchedule, ordinarySchedule.length + 1, 0)).toBeNull();
  });

  it("tries urgent messages at least five times in the first minute", () => {
    let passed = 0;
    const within = urgentSchedule.filter((seconds) => (passed += seconds) <= 60);
    expect(within.length).toBeGreaterThanOrEqual(5);
  });
});

describe("platformCall()", () => {
  const base: PauseAdapter = {
    platform: "n8n",
    url: "https://p.example.test/",
    id: "a b",
    token: "t",
    namespace: "ns",
  };
  const cases: { why: string; adapter: Partial<PauseAdapter>; pause: object; resume: object }[] = [
    {
      why: "n8n",
      adapter: { platform: "n8n" },
      pause: {
        method: "POST",
        url: "https://p.example.test/api/v1/workflows/a%20b/deactivate",
        headers: { "x-n8n-api-key": "t" },
        body: "",
      },
      resume: { url: "https://p.example.test/api/v1/workflows/a%20b/activate" },
    },
    {
      why: "n8n 2",
      adapter: { platform: "n8n", api_version: 2 },
      pause: { url: "https://p.example.test/api/v1/workflows/a%20b/unpublish" },
      resume: { url: "https://p.example.test/api/v1/workflows/a%20b/activate" },
    },
    {
      why: "Make",
      adapter: { platform: "make" },
      pause: {
        method: "POST",
        url: "https://p.example.test/api/v2/scenarios/a%20b/stop",
        headers: { authorization: "Token t" },
      },
      resume: { url: "https://p.example.test/api/v2/scenarios/a%20b/start" },
    },
    {
      why: "Temporal",
      adapter: { platform: "temporal" },
      pause: {
        url: "https://p.example.test/api/v1/namespaces/ns/schedules/a%20b/patch",
        headers: { authorization: "Bearer t", "content-type": "application/json" },
        body: JSON.stringify({ patch: { pause: pauseState("paused").reason } }),
      },
      resume: { body: JSON.stringify({ patch: { unpause: pauseState("running").reason } }) },
    },
    {
      why: "Airflow 3",
      adapter: { platform: "airflow" },
      pause: {
        method: "PATCH",
        url: "https://p.example.test/api/v2/dags/a%20b?update_mask=is_paused",
        headers: { authorization: "Bearer t", "content-type": "application/json" },
        body: '{"is_paused":true}',
      },
      resume: { body: '{"is_paused":false}' },
    },
    {
      why: "Airflow 2",
      adapter: { platform: "airflow", api_version: 1, token: "user:pass" },
      pause: {
        url: "https://p.example.test/api/v1/dags/a%20b?update_mask=is_paused",
        headers: { authorization: `Basic ${btoa("user:pass")}`, "content-type": "application/json" },
      },
      resume: { body: '{"is_paused":false}' },
    },
    {
      why: "Prefect",
      adapter: { platform: "prefect" },
      pause: {
        method: "POST",
        url: "https://p.example.test/api/deployments/a%20b/pause_deployment",
        headers: { authorization: "Bearer t" },
      },
      resume: { url: "https://p.example.test/api/deployments/a%20b/resume_deployment" },
    },
    {
      why: "Trigger.dev",
      adapter: { platform: "trigger.dev" },
      pause: {
        url: "https://p.example.test/api/v1/queues/a%20b/pause",
        body: '{"type":"task","action":"pause"}',
      },
      resume: {
        url: "https://p.example.test/api/v1/queues/a%20b/pause",
        body: '{"type":"task","action":"resume"}',
      },
    },
    {
      why: "Windmill",
      adapter: { platform: "windmill", id: "f/a b/c" },
      pause: {
        url: "https://p.example.test/api/w/ns/schedules/setenabled/f/a%20b/c",
        body: '{"enabled":false}',
      },
      resume: { body: '{"enabled":true}' },
    },
  ];
  it.each(cases)("pauses and resumes on $why", ({ adapter, pause, resume }) => {
    const full: PauseAdapter = { ...base, ...adapter };
    expect(platformCall(full, pauseState("paused"))).toMatchObject(pause);
    expect(platformCall(full, pauseState("running"))).toMatchObject(resume);
  });
});

describe("owedMessages()", () => {
  const all = settings({
    slack: { webhook_url: "https://hooks.slack.test", bot_token: "", channel: "", signing_secret: "" },
    alertmanager: { url: "http://am.test" },
    webhook: { url: "https://hook.test", secret: "" },
  });
  const channels = (...args: Parameters<typeof owedMessages>) =>
    owedMessages(...args).map(({ channel }) => channel);

  it("owes a transition to every route, in one subject per incident, under keys that stay the same", () => {
    const messages = owedMessages(notice("opened"), all, 5);
    expect(messages.map(({ channel, subject, key }) => [channel, subject, key])).toEqual([
      ["slack", "inc_0123456789abcdef", "evt_opened0-slack"],
      ["alertmanager", "inc_0123456789abcdef", "evt_opened0-alertmanager"],
      ["webhook", "inc_0123456789abcdef", "evt_opened0-webhook"],
    ]);
  });

  it("owes nothing where no route is configured", () => {
    expect(owedMessages(notice("opened"), settings(), 5)).toEqual([]);
  });

  it("does not make a message of its own of every further signal on an incoming webhook", () => {
    expect(channels(notice("joined"), all, 5)).toEqual(["alertmanager", "webhook"]);
  });

  it("owes a pause to people, to the pause webhook and to the platform", () => {
    const adapter: PauseAdapter = {
      platform: "n8n",
      url: "https://n8n.test",
      id: "1",
      token: "t",
      namespace: "",
    };
    const configured = {
      ...all,
      workflows: settings({}, { webhook: "https://pause.test", adapter }).workflows,
    };
    const paused = { about: "pause" as const, pause: pauseState("paused"), owner: "", incident: null };
    expect(channels(paused, configured, 5)).toEqual(["slack", "webhook", "pause", "platform"]);
  });
});

describe("webhookBody()", () => {
  it("is a Standard Webhooks body", () => {
    expect(JSON.parse(webhookBody(notice("opened"), "https://e.test"))).toMatchObject({
      type: "incident.opened",
      timestamp: "2026-11-17T14:20:00.000Z",
      data: {
        incident_id: "inc_0123456789abcdef",
        layer: "upstream data",
        url: "https://e.test/incidents/inc_0123456789abcdef",
      },
    });
    const paused = { about: "pause" as const, pause: pauseState("paused"), owner: "", incident: null };
    expect(JSON.parse(webhookBody(paused, ""))).toMatchObject({
      type: "workflow.paused",
      data: { workflow: "invoices", state: "paused", incident_id: "inc_0123456789abcdef" },
    });
  });

  it("tells of volume how many times as many runs came as are usual", () => {
    const figure = (value: number) => ({ value, low: value, high: value, runs: 40 });
    const volume = { unit: "runs/h", baseline: figure(8), current: figure(2) } as const;
    const signals = [
      moved({ workflow: "w", kind: "volume", field: "" }, startMs, volume),
      moved({ workflow: "w", kind: "errors", field: "" }, startMs),
    ];
    const body: any = JSON.parse(webhookBody(notice("opened", incident({ signals })), ""));
    expect(body.data.signals[0]).toMatchObject({
      unit: "runs/h",
      baseline: 8,
      current: 2,
      times_usual: 0.25,
    });
    expect(body.data.signals[1]).not.toHaveProperty("times_usual");
  });

  it("stays under 20 KB whatever the incident", () => {
    const long = "ü".repeat(5000);
    const signals = Array.from({ length: 500 }, (_, i) => ({
      ...moved({ workflow: "w", kind: "null_rate", field: `output.${i}` }, startMs),
      sentence: long,
    }));
    const huge = incident({
      signals,
      title: long,
      cause: { ...incident().cause, reasons: Array.from({ length: 99 }, () => long) },
    });
    const body = webhookBody(notice("opened", huge), "");
    expect(Buffer.byteLength(body)).toBeLessThan(20_000);
    expect(JSON.parse(body)).toMatchObject({ type: "incident.opened", data: { truncated: true } });
  });

  it("says where a digest has no room for all workflows", () => {
    const lines = Array.from({ length: 60 }, (_, n) => ({ workflow: `w${n}`, text: "no incident" }));
    const digest = (some: typeof lines) =>
      JSON.parse(webhookBody({ about: "digest", fromMs: 0, toMs: startMs, lines: some }, "")) as unknown;
    expect(digest(lines)).toMatchObject({ data: { workflows: lines.slice(0, 50), truncated: true } });
    expect(digest(lines.slice(0, 50))).toMatchObject({ data: { truncated: false } });
  });
});

describe("alertsOf()", () => {
  it("carries owner and severity as labels, and ends with the incident", () => {
    const at = { nowMs: startMs + 3_600_000, publicUrl: "https://e.test" };
    const [firing] = alertsOf(incident({ severity: "warning" }), at);
    expect(firing).toMatchObject({
      labels: {
        alertname: "EvenkeelIncident",
        workflow: "invoices",
        owner: "invoices-team@example.test",
        severity: "warning",
      },
      startsAt: "2026-11-17T14:20:00.000Z",
      endsAt: "2026-11-17T15:05:00.000Z",
    });
    const [ended] = alertsOf(incident({ severity: "warning", state: "resolved" }), at);
    expect(ended).toMatchObject({ labels: firing!.labels, endsAt: "2026-11-17T15:00:00.000Z" });
  });

  it("ends the warning when it becomes critical", () => {
    const [critical, warning] = alertsOf(incident(), { nowMs: startMs, publicUrl: "" });
    expect(critical?.labels.severity).toBe("critical");
    expect(Date.parse(critical!.endsAt)).toBeGreaterThan(startMs);
    expect(warning?.labels.severity).toBe("warning");
    expect(Date.parse(warning!.endsAt)).toBe(startMs);
  });
});

describe("readSlackPress()", () => {
  const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5";
  const nowMs = 1_531_420_618_000;
  const payload = {
    type: "block_actions",
    user: { id: "U1", username: "ana" },
    actions: [{ action_id: "evenkeel_acknowledge", value: "inc_1" }],
  };

  function signed(value: unknown, seconds = 1_531_420_618, secret = signingSecret) {
    const body = new URLSearchParams({ payload: JSON.stringify(value) }).toString();
    const signature = `v0=${createHmac("sha256", secret).update(`v0:${seconds}:${body}`).digest("hex")}`;
    return { body, timestamp: String(seconds), signature };
  }

  it("computes the signature of Slack's own example", () => {
    // docs.slack.dev, "Verifying requests from Slack".
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const secret = "8f742231b10e8888abcd99yyyzzz85a5";
    const read = readSlackPress(
      { body, timestamp: "1531420618", signature },
      { signingSecret: secret, nowMs },
    );
    expect(read.kind).toBe("ignored");
  });

  it("reads a press and who made it", () => {
    expect(readSlackPress(signed(payload), { signingSecret, nowMs })).toEqual({
      kind: "press",
      press: { action: "acknowledge", incidentId: "inc_1", actor: "slack:ana" },
    });
  });

  const refusals = [
    { why: "a wrong secret", request: signed(payload, 1_531_420_618, "other") },
    { why: "a changed body", request: { ...signed(payload), body: "payload=%7B%7D" } },
    { why: "a time 301 s back", request: signed(payload, 1_531_420_618 - 301) },
    { why: "a time 301 s ahead", request: signed(payload, 1_531_420_618 + 301) },
    { why: "a time that is no number", request: { ...signed(payload), timestamp: "NaN" } },
    { why: "a signature of another length", request: { ...signed(payload), signature: "v0=" } },
  ];
  it.each(refusals)("refuses $why", ({ request }) => {
    expect(readSlackPress(request, { signingSecret, nowMs }).kind).toBe("refused");
  });

  it("refuses everything without a signing secret", () => {
    expect(readSlackPress(signed(payload, 1_531_420_618, ""), { signingSecret: "", nowMs }).kind).toBe(
      "refused",
    );
  });

  const ignored = [
    {
      why: "the link button",
      value: { ...payload, actions: [{ action_id: "evenkeel_open", value: "inc_1" }] },
    },
    {
      why: "an action of another app",
      value: { ...payload, actions: [{ action_id: "other", value: "inc_1" }] },
    },
    { why: "another kind of interaction", value: { type: "view_submission" } },
    { why: "what is no object", value: null },
  ];
  it.each(ignored)("ignores $why", ({ value }) => {
    expect(readSlackPress(signed(value), { signingSecret, nowMs }).kind).toBe("ignored");
  });
});
