import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openJournal } from "../../../src/journal/open-journal.ts";
import type { Journal } from "../../../src/journal/port.ts";
import type { Approval } from "../../../src/model/approval.ts";
import { createForgetting } from "../../../src/model/forgetting.ts";

const person = 'open "Zoë" O\'Hara';
const forgetting = createForgetting([person], "[forgotten:1]");
let folder: string;
let journal: Journal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-forget-"));
  journal = openJournal({ path: join(folder, "journal"), log: pino({ level: "silent" }) });
});
afterEach(() => journal.close());

/** The person's name anywhere in the files, spelled as text or as JSON. */
const bytesHold = () =>
  readdirSync(folder).some((name) => forgetting.matches(readFileSync(join(folder, name), "utf8")));

const message = (key: string, text: string) => ({
  key,
  channel: "slack",
  subject: "open",
  workflow: "open",
  payload: JSON.stringify({ about: "problem", problemId: "open", text, solved: false, atMs: 1 }),
  createdAtMs: 1,
});
const queued = (runId: string) => ({
  runId,
  round: 1,
  workflow: "w",
  version: "",
  receivedAtMs: 1,
  chosenBy: "random" as const,
  why: "random sample",
  probability: 1,
  queuedAtMs: 1,
});

it("forget() takes the value out of all content, and leaves what the product goes by", () => {
  journal.outbox.enqueue(message("a", `Dear ${person}, bye`));
  journal.outbox.enqueue(message("b", "Dear Ben"));
  journal.pauses.set({
    workflow: "w",
    state: "paused",
    sinceMs: 1,
    reason: `for ${person}`,
    actor: "ana",
    incidentId: "",
  });
  journal.audit.append({ atMs: 1, actor: "ana", action: "pause", workflow: "w", detail: `for ${person}` });
  journal.meta.set(
    "fields w",
    JSON.stringify({ input: { m: [["name", { k: "category", v: [person, "Ben"] }]] } }),
  );
  journal.detectors.save(
    "w",
    JSON.stringify({ layout: { bins: [`=${person}`, "=Ben"] }, counts: { [`=${person}`]: 2 } }),
    1,
  );
  for (const runId of ["zoe", "ben"]) journal.reviewQueue.add(queued(runId));
  const awaited = { id: "l", awaits: JSON.stringify(["w", `case ${person}`]), sinceMs: 1, body: "{}" };
  journal.waitingLabels.put([awaited]);
  expect(bytesHold()).toBe(true);

  expect(journal.forget(forgetting, ["zoe"])).toBe(7);

  expect(JSON.parse(journal.outbox.get("a")?.payload ?? "")).toMatchObject({
    text: "Dear [forgotten:1], bye",
    problemId: "open",
  });
  expect(journal.outbox.get("b")?.payload).toContain("Dear Ben");
  expect(journal.pauses.get("w")).toMatchObject({ state: "paused", reason: "for [forgotten:1]" });
  expect(journal.audit.list()[0]?.detail).toBe("for [forgotten:1]");
  expect(journal.meta.get("fields w")).toContain('"v":["[forgotten:1]","Ben"]');
  expect(JSON.parse(journal.detectors.load("w")?.state ?? "")).toEqual({
    layout: { bins: ["=[forgotten:1]", "=Ben"] },
    counts: { "=[forgotten:1]": 2 },
  });
  expect(journal.waitingLabels.all()).toMatchObject([{ awaits: '["w","case [forgotten:1]"]' }]);
  expect([journal.reviewQueue.has("zoe"), journal.reviewQueue.has("ben")]).toEqual([false, true]);
});

it("forget() leaves nothing in the free pages of the file, also of what was overwritten before", () => {
  const long = `${"x".repeat(9000)} ${person}`;
  journal.meta.set("fields w", JSON.stringify({ v: [long] }));
  journal.meta.set("fields w", JSON.stringify({ v: [] }));
  journal.outbox.enqueue(message("a", long));
  expect(bytesHold()).toBe(true);
  journal.forget(forgetting, []);
  expect(bytesHold()).toBe(false);
  expect(journal.forget(forgetting, [])).toBe(0);
});

it("forget() of a word that is a state as well changes no state", () => {
  const word = createForgetting(["paused"], "[forgotten:1]");
  journal.pauses.set({
    workflow: "paused",
    state: "paused",
    sinceMs: 1,
    reason: "",
    actor: "",
    incidentId: "",
  });
  journal.outbox.enqueue({
    ...message("paused", "x"),
    payload: JSON.stringify({ pause: { state: "paused" } }),
  });
  expect(journal.forget(word, [])).toBe(0);
  expect(journal.pauses.get("paused").state).toBe("paused");
});

it("forget() keeps who acted, and the ids of approvals, which stand for one act for ever", () => {
  const approval: Approval = {
    approvalId: `pay ${person}`,
    workflow: "w",
    action: `pay ${person}`,
    runId: "",
    payload: { to: person },
    inputs: null,
    outputs: null,
    confidence: null,
    note: "",
    error: "",
    reasons: [],
    state: "approved",
    heldAtMs: 1,
    deadlineMs: 2,
    actsOnTimeout: false,
    decidedAtMs: 1,
    actor: person,
    reason: "",
    fingerprint: "f",
  };
  journal.approvals.put(approval);
  journal.audit.append({ atMs: 1, actor: person, action: "approval approved", workflow: "w", detail: "" });
  journal.forget(forgetting, []);
  expect(journal.approvals.get(`pay ${person}`)).toEqual({
    ...approval,
    action: "pay [forgotten:1]",
    payload: { to: "[forgotten:1]" },
  });
  expect(journal.audit.list()[0]?.actor).toBe(person);
});
