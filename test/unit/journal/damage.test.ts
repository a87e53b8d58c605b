import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { openJournal } from "../../../src/journal/open-journal.ts";
import type { Journal } from "../../../src/journal/port.ts";
import type { Incident } from "../../../src/model/incident.ts";
import { createRandom } from "../../fuzz/random.ts";

const rows = 40;
/** A journal that was closed, and one whose process was killed: what it wrote is still in the write-ahead log. */
let closed: string;
let killed: string;

const newFolder = () => mkdtempSync(join(tmpdir(), "evenkeel-damage-"));
const names = Array.from({ length: rows }, (_, n) => `workflow-${n}`);

function fill(journal: Journal): void {
  for (const [n, workflow] of names.entries()) {
    journal.pauses.set({
      workflow,
      state: "paused",
      sinceMs: n,
      reason: "ä".repeat(40),
      actor: "ana",
      incidentId: "",
    });
    journal.incidents.put({ incidentId: workflow, workflow, state: "open", openedAtMs: n } as Incident);
    journal.detectors.save(workflow, JSON.stringify({ weights: "1".repeat(2_000) }), n);
    journal.audit.append({ atMs: n, actor: "ana", action: "pause", workflow, detail: "d".repeat(100) });
    const message = { key: workflow, channel: "slack", subject: workflow, workflow, createdAtMs: n };
    journal.outbox.enqueue({ ...message, payload: JSON.stringify({ text: "y".repeat(500) }) });
  }
}

/** Reads and writes everything; answers how much was there. */
function use(journal: Journal): { pauses: number; incidents: number; messages: number } {
  for (const name of names) {
    journal.detectors.load(name);
    journal.baselines.current(name);
    journal.outbox.get(name);
  }
  journal.audit.list({ limit: 1_000 });
  journal.outbox.due(1e9, 1_000);
  journal.audit.append({ atMs: 1, actor: "ana", action: "resume", workflow: "new", detail: "" });
  return {
    pauses: journal.pauses.all().length,
    incidents: journal.incidents.list({ limit: 1_000 }).length,
    messages: journal.outbox.list({ limit: 1_000 }).length,
  };
}

function open(folder: string): { found: ReturnType<typeof use>; reports: string[]; aside: string[] } {
  const reports: string[] = [];
  const log = pino({ level: "error" }, { write: (line) => void reports.push(line) });
  const journal = openJournal({ path: join(folder, "journal"), log });
  const found = use(journal);
  journal.close();
  return { found, reports, aside: readdirSync(folder).filter((name) => name.includes("corrupt")) };
}

/** Harms a copy of one file of a journal, and opens it. */
function openHarmed(from: string, name: string, harm: (bytes: Buffer) => Buffer) {
  const folder = newFolder();
  cpSync(from, folder, { recursive: true });
  writeFileSync(join(folder, name), harm(readFileSync(join(folder, name))));
  const opened = open(folder);
  rmSync(folder, { recursive: true });
  return opened;
}

/** Overwrites a byte wherever a text is: SQLite leaves copies in places that it no longer reads. */
function overwrite(bytes: Buffer, text: string, offset: number, byte: number): Buffer {
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) bytes[at + offset] = byte;
  return bytes;
}

beforeAll(() => {
  closed = newFolder();
  killed = newFolder();
  const journal = openJournal({ path: join(closed, "journal"), log: pino({ level: "silent" }) });
  fill(journal);
  cpSync(closed, killed, { recursive: true });
  journal.close();
});

describe("openJournal()", () => {
  const all = { pauses: rows, incidents: rows, messages: rows };

  it.each([() => closed, () => killed])("finds nothing wrong with a sound journal", (from) => {
    const { found, reports, aside } = openHarmed(from(), "journal", (bytes) => bytes);
    expect({ found, reports, aside }).toEqual({ found: all, reports: [], aside: [] });
  });

  it("goes on whatever bit of the file is flipped, and says so wherever it moved something aside", () => {
    const random = createRandom(11);
    let quarantined = 0;
    for (let round = 0; round < 60; round++) {
      const opened = openHarmed(closed, "journal", (bytes) => {
        const at = random.below(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        return bytes;
      });
      expect([round, opened.reports.length]).toEqual([round, opened.aside.length]);
      quarantined += opened.aside.length;
    }
    expect(quarantined).toBeGreaterThan(3);
  }, 60_000);

  it("moves a file aside that was cut, and keeps what is good of it", () => {
    const random = createRandom(12);
    for (let round = 0; round < 20; round++) {
      const { reports, aside } = openHarmed(closed, "journal", (bytes) =>
        bytes.subarray(0, 1 + random.below(bytes.length - 4_096)),
      );
      expect([round, aside, reports.length]).toEqual([round, ["journal.corrupt-1"], 1]);
    }
  });

  it("loses one row to text that is no text, which would end the process if it were read", () => {
    const harmed = openHarmed(closed, "journal", (bytes) =>
      overwrite(bytes, '{"incidentId":"workflow-7"', 20, 0xff),
    );
    expect(harmed.found).toEqual({ ...all, incidents: rows - 1 });
    expect(harmed.reports[0]).toContain("has damaged rows in 'incidents'");
  });

  it("loses one row to a word that is none, and no pause to another's page", () => {
    const harmed = openHarmed(closed, "journal", (bytes) => overwrite(bytes, "workflow-9paused", 12, 0x71));
    expect(harmed.found).toEqual({ ...all, pauses: rows - 1 });
    const page = openHarmed(closed, "journal", (bytes) => {
      const at = bytes.lastIndexOf('{"weights"');
      return bytes.fill(0, at - (at % 4096), at - (at % 4096) + 4096);
    });
    expect(page.found).toEqual(all);
    expect(page.reports).toHaveLength(1);
  });

  it("begins anew where nothing can be read", () => {
    const { found, reports, aside } = openHarmed(closed, "journal", (bytes) => bytes.fill(7));
    expect(found).toEqual({ pauses: 0, incidents: 0, messages: 0 });
    expect({ reports: reports.length, aside }).toEqual({ reports: 1, aside: ["journal.corrupt-1"] });
  });

  it("keeps a copy of a write-ahead log that is damaged, and says nothing of one whose end is torn", () => {
    const flipped = openHarmed(killed, "journal-wal", (bytes) => {
      bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
      return bytes;
    });
    expect(flipped.aside).toEqual(["journal-wal.corrupt-1"]);
    expect(flipped.reports[0]).toContain("The journal's latest changes are damaged");
    const headless = openHarmed(killed, "journal-wal", (bytes) => bytes.fill(1, 0, 20));
    expect(headless.aside).toEqual(["journal-wal.corrupt-1"]);

    const folder = newFolder();
    cpSync(killed, folder, { recursive: true });
    truncateSync(join(folder, "journal-wal"), 32 + 4_120 + 2_000);
    expect(open(folder)).toMatchObject({ reports: [], aside: [] });
  });
});
