import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../../src/journal/database.ts";
import { openJournal } from "../../../src/journal/open-journal.ts";
import type { Journal, OutboxMessage } from "../../../src/journal/port.ts";
import type { Incident } from "../../../src/model/incident.ts";

const log = pino({ level: "silent" });
let folder = "";
let path = "";
let journal: Journal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-journal-"));
  path = join(folder, "journal.db");
  journal = openJournal({ path, log });
});

afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true });
});

function reopen(): void {
  journal.close();
  journal = openJournal({ path, log });
}

function message(key: string, overrides: Partial<OutboxMessage> = {}): OutboxMessage {
  return {
    key,
    channel: "slack",
    subject: "inc_1",
    workflow: "w",
    payload: "{}",
    createdAtMs: 1,
    ...overrides,
  };
}

function incident(overrides: Partial<Incident>): Incident {
  return {
    incidentId: "inc_1",
    workflow: "w",
    owner: "",
    state: "open",
    severity: "warning",
    openedAtMs: 10,
    updatedAtMs: 10,
    resolvedAtMs: null,
    snoozedUntilMs: null,
    onsetMs: 5,
    signals: [],
    cause: { layer: "unknown", reasons: [], change: null, slice: null, lastGoodVersion: "" },
    exampleRunIds: [],
    baselineRunIds: [],
    title: "",
    pausedWorkflow: false,
    stateActor: "evenkeel",
    notifiedAtMs: 10,
    ...overrides,
  };
}

describe("journal.transaction()", () => {
  it("names the folder that cannot be one", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(() => openJournal({ path: join(file, "journal"), log })).toThrow(
      `Cannot open data folder '${file}': it must be a folder that can be written, got EEXIST`,
    );
  });

  it("keeps all of its writes over a reopening", () => {
    journal.transaction(() => {
      journal.incidents.put(incident({}));
      journal.transaction(() => journal.outbox.enqueue(message("m")));
      journal.detectors.save("w", "{}", 60_000);
    });
    reopen();
    expect(journal.incidents.get("inc_1")).toEqual(incident({}));
    expect(journal.outbox.list()).toHaveLength(1);
    expect(journal.detectors.load("w")).toEqual({ state: "{}", throughMs: 60_000 });
  });

  it("undoes all of its writes when the work throws, pause states in memory too", () => {
    const state = { workflow: "w", sinceMs: 1, reason: "r", actor: "a", incidentId: "" };
    journal.pauses.set({ ...state, state: "running" });
    expect(() =>
      journal.transaction(() => {
        journal.pauses.set({ ...state, state: "paused" });
        journal.audit.append({ atMs: 1, actor: "a", action: "pause", workflow: "w", detail: "" });
        throw new RangeError("stop");
      }),
    ).toThrow(RangeError);
    expect(journal.pauses.get("w").state).toBe("running");
    expect(journal.audit.list()).toEqual([]);
  });
});

describe("journal.incidents", () => {
  it("list() filters by workflow and state, newest first", () => {
    journal.incidents.put(incident({ incidentId: "a", openedAtMs: 1 }));
    journal.incidents.put(incident({ incidentId: "b", openedAtMs: 2, state: "resolved" }));
    journal.incidents.put(incident({ incidentId: "c", openedAtMs: 3, workflow: "other" }));
    journal.incidents.put(incident({ incidentId: "d", openedAtMs: 4 }));
    const ids = journal.incidents.list({ workflow: "w", states: ["open"] }).map((one) => one.incidentId);
    expect(ids).toEqual(["d", "a"]);
    expect(journal.incidents.list({ limit: 1 })[0]?.incidentId).toBe("d");
    expect(journal.incidents.get("none")).toBeNull();
  });
});

describe("journal.outbox", () => {
  it("enqueue() keeps the first message of a key", () => {
    journal.outbox.enqueue(message("m", { payload: "1" }));
    journal.outbox.enqueue(message("m", { payload: "2" }));
    expect(journal.outbox.list().map((one) => one.payload)).toEqual(["1"]);
  });

  it("due() answers the first pending message of each channel and subject, and holds back those behind", () => {
    journal.outbox.enqueue(message("s1"));
    journal.outbox.enqueue(message("s2"));
    journal.outbox.enqueue(message("h1", { channel: "webhook" }));
    journal.outbox.enqueue(message("t1", { subject: "inc_2" }));
    const due = (nowMs: number) => journal.outbox.due(nowMs, 10).map((one) => one.key);
    expect(due(0)).toEqual(["s1", "h1", "t1"]);
    journal.outbox.failed("s1", "refused", 100);
    expect(due(99)).toEqual(["h1", "t1"]);
    expect(due(100)).toEqual(["s1", "h1", "t1"]);
    journal.outbox.delivered("s1", 100);
    expect(due(100)).toEqual(["s2", "h1", "t1"]);
    journal.outbox.dead("s2", "gone");
    expect(due(100)).toEqual(["h1", "t1"]);
  });

  it("enqueue() holds a message until its time, or until one of its subject may leave at once", () => {
    const keys = (nowMs: number) => journal.outbox.due(nowMs, 10).map((one) => one.key);
    journal.outbox.enqueue(message("held", { notBeforeMs: 500 }));
    journal.outbox.enqueue(message("other", { subject: "inc_2", notBeforeMs: 500 }));
    expect(keys(499)).toEqual([]);
    journal.outbox.enqueue(message("urgent"));
    expect(keys(499)).toEqual(["held"]);
    journal.outbox.delivered("held", 499);
    expect(keys(499)).toEqual(["urgent"]);
    expect(keys(500)).toEqual(["other", "urgent"]);
  });

  it("prune() forgets what was delivered long ago, and nothing that is owed", () => {
    for (const key of ["old", "new", "dead", "pending"])
      journal.outbox.enqueue(message(key, { subject: key }));
    journal.outbox.delivered("old", 100);
    journal.outbox.delivered("new", 200);
    journal.outbox.dead("dead", "gone");
    expect(journal.outbox.prune(200)).toBe(1);
    expect(journal.outbox.list().map(({ key }) => key)).toEqual(["pending", "dead", "new"]);
  });

  it("counts() says how many messages each channel has in each state", () => {
    journal.outbox.enqueue(message("a"));
    journal.outbox.enqueue(message("b", { channel: "webhook" }));
    journal.outbox.dead("b", "gone");
    expect(journal.outbox.counts()).toEqual([
      { channel: "slack", state: "pending", messages: 1 },
      { channel: "webhook", state: "dead", messages: 1 },
    ]);
  });

  it("retry() makes a dead message due again, and no other", () => {
    journal.outbox.enqueue(message("m"));
    expect(journal.outbox.retry("m", 5)).toBe(false);
    journal.outbox.dead("m", "gone");
    expect(journal.outbox.list({ state: "dead" })[0]).toMatchObject({
      key: "m",
      attempts: 1,
      lastError: "gone",
    });
    expect(journal.outbox.retry("m", 5)).toBe(true);
    expect(journal.outbox.due(5, 10)[0]).toMatchObject({ key: "m", attempts: 0 });
  });
});

describe("journal records", () => {
  it("pauses.get() answers running since 0 for a workflow nobody has paused", () => {
    expect(journal.pauses.get("new")).toMatchObject({ state: "running", sinceMs: 0 });
  });

  it("pauses survive a reopening", () => {
    const paused = {
      workflow: "w",
      state: "paused" as const,
      sinceMs: 7,
      reason: "r",
      actor: "a",
      incidentId: "i",
    };
    journal.pauses.set(paused);
    reopen();
    expect(journal.pauses.get("w")).toEqual(paused);
    expect(journal.pauses.all()).toEqual([paused]);
  });

  it("baselines.current() is the last one pinned, history() keeps all", () => {
    const pinned = {
      workflow: "w",
      baseline: "{}",
      fromMs: 1,
      toMs: 2,
      runs: 3,
      pinnedAtMs: 9,
      actor: "a",
      reason: "",
    };
    journal.baselines.pin({ ...pinned, baselineId: "1" });
    journal.baselines.pin({ ...pinned, baselineId: "2" });
    expect(journal.baselines.current("w")?.baselineId).toBe("2");
    expect(journal.baselines.history("w").map((one) => one.baselineId)).toEqual(["2", "1"]);
    expect(journal.baselines.current("other")).toBeNull();
  });

  it("changes.append() tells whether the change is new; list() filters by time", () => {
    const change = {
      changeId: "c1",
      workflow: "w",
      atMs: 50,
      what: "prompt" as const,
      before: "v1",
      after: "v2",
      versionBefore: "v1",
      versionAfter: "v2",
      diff: "",
    };
    expect(journal.changes.append(change)).toBe(true);
    expect(journal.changes.append(change)).toBe(false);
    expect(journal.changes.list({ workflow: "w", fromMs: 50, toMs: 51 })).toEqual([change]);
    expect(journal.changes.list({ fromMs: 51 })).toEqual([]);
    expect(journal.changes.list({ workflow: "other" })).toEqual([]);
  });

  it("audit and meta answer what was written, newest first", () => {
    journal.audit.append({ atMs: 1, actor: "a", action: "pause", workflow: "w", detail: "d" });
    journal.audit.append({ atMs: 2, actor: "b", action: "resume", workflow: "x", detail: "" });
    expect(journal.audit.list().map((one) => one.action)).toEqual(["resume", "pause"]);
    expect(journal.audit.list({ workflow: "w" })).toEqual([
      { atMs: 1, actor: "a", action: "pause", workflow: "w", detail: "d" },
    ]);
    journal.meta.set("k", "1");
    journal.meta.set("k", "2");
    expect([journal.meta.get("k"), journal.meta.get("none")]).toEqual(["2", null]);
  });
});

describe("openJournal()", () => {
  it("moves aside a file that is not a database and begins a fresh one", () => {
    journal.close();
    writeFileSync(path, "no database ".repeat(1000));
    journal = openJournal({ path, log });
    journal.meta.set("k", "v");
    expect(readdirSync(folder)).toContain("journal.db.corrupt-1");
  });

  it("refuses a journal of a newer version", () => {
    journal.close();
    const database = openDatabase(path);
    database.run("INSERT INTO migrations VALUES ('999-later.sql', '')");
    database.release();
    database.close();
    expect(() => openJournal({ path, log })).toThrow("'999-later.sql' of a newer version");
    journal = openJournal({ path: join(folder, "other.db"), log });
  });
});
