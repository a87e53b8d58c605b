import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openJournal } from "../../../src/journal/open-journal.ts";
import type { Journal } from "../../../src/journal/port.ts";
import type { Approval } from "../../../src/model/approval.ts";
import { hourMs } from "../../../src/model/clock.ts";
import type { Json } from "../../../src/model/json.ts";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import {
  type ApprovalDesk,
  type ApprovalRequest,
  type ApprovalSettings,
  createApprovalDesk,
} from "../../../src/review/approval-desk.ts";
import { createTopicFinder } from "../../../src/review/topics.ts";
import { canonicalJson } from "../../../src/collector/version-id.ts";
import { createRedactor } from "../../../src/collector/redact.ts";
import { Counts, SettableClock } from "../collector/harness.ts";

let folder: string;
let journal: Journal;
let desk: ApprovalDesk;
let clock: SettableClock;
let settings: ApprovalSettings;
let told: string[];
let counted: string[];
let countFails: boolean;
let meters: { approvals: Counts };

function open() {
  journal = openJournal({ path: join(folder, "journal"), log: pino({ level: "silent" }) });
  const redactor = createRedactor({ key: "test" });
  desk = createApprovalDesk({
    journal,
    settings: () => settings,
    checkContract: () => ({ findings: [], unjudged: [] }),
    redact: {
      value: (value, root) => redactor.value(value, root).value,
      text: (text) => redactor.text(text),
    },
    fingerprint: (act) => createHash("sha256").update(canonicalJson(act)).digest("hex"),
    tell: ({ approvalId, state }) => void told.push(`${approvalId} ${state}`),
    count: async ({ approvalId, state }) => {
      if (countFails) throw new TransientError("Cannot keep rows: the disk refused them");
      counted.push(`${approvalId} ${state}`);
    },
    meters,
    wallClock: clock,
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-approvals-"));
  clock = new SettableClock(Date.UTC(2026, 10, 20, 9));
  settings = { waitMs: hourMs, actsOnTimeout: false, hardStops: null, nullWords: new Set() };
  [told, counted, countFails, meters] = [[], [], false, { approvals: new Counts() }];
  open();
});

afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true });
});

const request = (more: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
  approvalId: "a1",
  workflow: "invoices",
  action: "pay the invoice",
  payload: { amount: 100 },
  inputs: null,
  outputs: null,
  confidence: null,
  runId: "",
  note: "",
  error: "",
  hold: false,
  askedBy: "",
  ...more,
});
const ann = { actor: "ann", reason: "" };
const ask = (more: Partial<ApprovalRequest> = {}): Approval => {
  const answer = desk.ask(request(more));
  if (answer.kind !== "known") throw new Error(`Expected a held item, got ${answer.kind}`);
  return answer.approval;
};
const onlyMoney = () => {
  settings = {
    ...settings,
    hardStops: {
      confidenceBelow: null,
      contractBroken: false,
      inputIncomplete: false,
      topics: createTopicFinder({ money: [] }),
    },
  };
};

describe("approvalDesk.ask()", () => {
  const floods = [
    { why: "one key", flood: { askedBy: "sdk" }, other: { askedBy: "other" }, names: "key 'sdk'" },
    { why: "one workflow", flood: { workflow: "loop" }, other: {}, names: "workflow 'loop'" },
  ];
  it.each(floods)("leaves room for others when $why floods it", ({ flood, other, names }) => {
    const held = ask({ approvalId: "first", ...flood });
    journal.transaction(() => {
      for (let at = 1; at < 5_000; at += 1) {
        const workflow = flood.workflow ?? `w${at}`;
        journal.approvals.put({ ...held, approvalId: `flood-${at}`, workflow }, flood.askedBy);
      }
    });
    expect(() => desk.ask(request({ approvalId: "more", ...flood }))).toThrow(TransientError);
    expect(() => desk.ask(request({ approvalId: "more", ...flood }))).toThrow(names);
    expect(ask({ approvalId: "a2", ...other }).state).toBe("held");
    // Decided, it gives its place back.
    desk.decide("first", "reject", ann);
    expect(ask({ approvalId: "more", ...flood }).state).toBe("held");
  });

  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [at, at]));
  const nested = (depth: number): Json => (depth === 0 ? 1 : [nested(depth - 1)]);
  const payloads = [
    { why: "too many members", good: members(10_000), bad: members(10_001), names: "at most 10000 members" },
    {
      why: "too many items on several levels",
      good: [members(4_999), members(4_999)],
      bad: [members(5_000), members(5_000)],
      names: "at most 10000 members and items",
    },
    { why: "too deep nesting", good: nested(100), bad: nested(101), names: "at most 100 deep" },
  ];
  it.each(payloads)("refuses a payload of $why", ({ good, bad, names }) => {
    expect(ask({ approvalId: "good", payload: good }).state).toBe("held");
    expect(() => desk.ask(request({ approvalId: "bad", payload: bad }))).toThrow(PermanentError);
    expect(() => desk.ask(request({ approvalId: "bad", payload: bad }))).toThrow(names);
  });

  it("holds everything where no hard stops are configured, tells people and writes the audit log", () => {
    expect(ask()).toMatchObject({ state: "held", reasons: ["every item of the workflow is held"] });
    expect(told).toEqual(["a1 held"]);
    expect(journal.audit.list()).toMatchObject([{ action: "approval held", workflow: "invoices" }]);
    expect(desk.waiting()).toEqual([{ workflow: "invoices", items: 1 }]);
  });

  it("lets pass what no hard stop holds, and keeps nothing of it", () => {
    onlyMoney();
    const harmless = request({ action: "greet", payload: { text: "hello" } });
    expect(desk.ask(harmless)).toEqual({ kind: "clear" });
    expect(desk.list()).toEqual([]);
    expect(meters.approvals.get("invoices clear")).toBe(1);
    expect(ask({ hold: true }).reasons).toEqual(["the automation asks for a person", "topic: money"]);
  });

  it("holds everything of a paused workflow", () => {
    onlyMoney();
    const pause = {
      workflow: "invoices",
      state: "paused",
      sinceMs: 1,
      reason: "",
      actor: "",
      incidentId: "",
    };
    journal.pauses.set({ ...pause, state: "paused" });
    expect(ask({ action: "greet", payload: null }).reasons).toEqual(["the workflow is paused"]);
  });

  it("refuses what is nested too deep to be looked at, and goes on", () => {
    onlyMoney();
    const deep = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`) as Json;
    expect(() => desk.ask(request({ inputs: deep }))).toThrow("must be nested less deep");
    expect(() => desk.ask(request({ payload: deep }))).toThrow("at most 100 deep");
    expect(desk.list()).toEqual([]);
  });

  it("answers the same item to the same id, and refuses it to another act", () => {
    ask({ payload: { currency: "EUR", amount: 100 } });
    expect(ask({ payload: { amount: 100, currency: "EUR" } }).state).toBe("held");
    expect(desk.decide("a1", "reject", ann).kind).toBe("decided");
    told = [];
    ask({ approvalId: "a2" });
    expect(ask({ approvalId: "a2" }).heldAtMs).toBe(clock.timeMs);
    expect(told).toEqual(["a2 held"]);
    expect(desk.ask(request({ approvalId: "a2", payload: { amount: 101 } }))).toEqual({ kind: "conflict" });
    expect(desk.ask(request({ approvalId: "a2", action: "pay twice" }))).toEqual({ kind: "conflict" });
  });

  it("keeps no secret and no personal data, in the journal or in its files", () => {
    const mail = "jane.roe@example.test";
    ask({
      payload: { mail, key: "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789AB" },
      note: `call ${mail}`,
      error: mail,
    });
    journal.close();
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
    expect(files.join("")).not.toContain(mail);
    expect(files.join("")).not.toContain("sk-proj-abcdef");
    open();
  });
});

describe("approvalDesk.decide()", () => {
  const decisions = [
    { decision: "approve", state: "approved" },
    { decision: "reject", state: "rejected" },
    { decision: "done_by_hand", state: "done_by_hand" },
  ] as const;
  it.each(decisions)("$decision ends the wait for good", ({ decision, state }) => {
    ask();
    clock.timeMs += 60_000;
    const decided = { state, actor: "ann", reason: "looks fine", decidedAtMs: clock.timeMs };
    const outcome = desk.decide("a1", decision, { actor: "ann", reason: "looks fine" });
    expect(outcome).toMatchObject({ kind: "decided", approval: decided });
    expect(desk.decide("a1", "approve", ann)).toMatchObject({ kind: "too late", approval: decided });
    expect(ask()).toMatchObject(decided);
    expect(desk.waiting()).toEqual([]);
    expect(journal.audit.list()[0]).toMatchObject({ actor: "ann", action: `approval ${state}` });
  });

  it("does not know what was never held", () => {
    expect(desk.decide("nope", "approve", ann)).toEqual({ kind: "unknown" });
  });

  it("survives a restart before and after the decision", () => {
    ask();
    journal.close();
    open();
    expect(desk.decide("a1", "approve", ann).kind).toBe("decided");
    journal.close();
    open();
    expect(desk.get("a1")).toMatchObject({ state: "approved", actor: "ann" });
  });
});

describe("approvalDesk at the deadline", () => {
  it("never approves what timed out, and leaves it to be finished by hand", async () => {
    ask();
    clock.timeMs += hourMs;
    await desk.settle();
    expect(told).toEqual(["a1 held", "a1 timed_out"]);
    expect(desk.decide("a1", "approve", ann)).toMatchObject({ kind: "too late" });
    expect(desk.waiting()).toEqual([{ workflow: "invoices", items: 1 }]);
    expect(desk.decide("a1", "done_by_hand", ann)).toMatchObject({ kind: "decided" });
    expect(desk.waiting()).toEqual([]);
  });

  it("takes no decision after it, also before the next look at the clock", () => {
    ask();
    clock.timeMs += hourMs;
    expect(desk.decide("a1", "approve", ann)).toMatchObject({
      kind: "too late",
      approval: { state: "timed_out", actor: "evenkeel" },
    });
  });

  it("acts where it was told so, and asks for nobody then", async () => {
    settings = { ...settings, actsOnTimeout: true };
    ask();
    clock.timeMs += hourMs;
    await desk.settle();
    expect(desk.get("a1")).toMatchObject({ state: "timed_out", actsOnTimeout: true });
    expect(desk.waiting()).toEqual([]);
    expect(desk.decide("a1", "reject", ann).kind).toBe("too late");
  });
});

describe("approvalDesk.settle()", () => {
  it("counts each decision once, and again only if it could not", async () => {
    ask();
    ask({ approvalId: "a2" });
    desk.decide("a1", "approve", ann);
    countFails = true;
    await expect(desk.settle()).rejects.toThrow(TransientError);
    countFails = false;
    await desk.settle();
    await desk.settle();
    expect(counted).toEqual(["a1 approved"]);
  });

  it("forgets what ended long ago, and never what waits", async () => {
    ask();
    settings = { ...settings, waitMs: 1000 * 24 * hourMs };
    ask({ approvalId: "a2" });
    desk.decide("a1", "approve", ann);
    await desk.settle();
    clock.timeMs += 91 * 24 * hourMs;
    await desk.settle();
    expect([desk.get("a1"), desk.get("a2")?.state]).toEqual([null, "held"]);
  });
});

describe("approvalDesk.wait()", () => {
  const never = new AbortController().signal;

  it("answers everyone who waits as soon as a person has decided", async () => {
    ask();
    const waits = [desk.wait("a1", 60_000, never), desk.wait("a1", 60_000, never)];
    desk.decide("a1", "reject", ann);
    expect((await Promise.all(waits)).map((found) => found?.state)).toEqual(["rejected", "rejected"]);
  });

  it("answers at once what is decided or not known", async () => {
    ask();
    desk.decide("a1", "approve", ann);
    expect((await desk.wait("a1", 60_000, never))?.state).toBe("approved");
    expect(await desk.wait("nope", 60_000, never)).toBeNull();
  });

  it("answers as it stands when the caller has gone, the time is over, or the sidecar stops", async () => {
    ask();
    const gone = new AbortController();
    const waits = [desk.wait("a1", 60_000, gone.signal), desk.wait("a1", 1, never)];
    gone.abort();
    expect((await Promise.all(waits)).map((found) => found?.state)).toEqual(["held", "held"]);
    const last = desk.wait("a1", 60_000, never);
    desk.release();
    expect((await last)?.state).toBe("held");
    expect((await desk.wait("a1", 60_000, never))?.state).toBe("held");
  });
});
