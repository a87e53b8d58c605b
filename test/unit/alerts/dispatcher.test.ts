import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDispatcher } from "../../../src/alerts/dispatcher.ts";
import { attemptOf, type Notifier } from "../../../src/alerts/notifier.ts";
import { openJournal } from "../../../src/journal/open-journal.ts";
import type { Journal } from "../../../src/journal/port.ts";
import { minuteMs } from "../../../src/model/clock.ts";

const log = pino({ level: "silent" });
let journal: Journal;
let nowMs = 0;

beforeEach(() => {
  nowMs = 1_000;
  journal = openJournal({ path: join(mkdtempSync(join(tmpdir(), "evenkeel-dispatcher-")), "journal"), log });
});
afterEach(() => journal.close());

const owe = (channel: string, workflow: string) =>
  journal.outbox.enqueue({
    key: `${channel} ${workflow}`,
    channel,
    subject: workflow,
    workflow,
    payload: "{}",
    createdAtMs: nowMs,
  });

/** Delivers what is due; every message of `impatient` is answered with 429 and asked for patience without end. */
function start(impatient: string) {
  const asked: string[] = [];
  const notifier: Notifier = {
    async deliver({ workflow }) {
      asked.push(workflow);
      const status = workflow === impatient ? 429 : 200;
      return attemptOf({ status, headers: { "retry-after": "1e308" }, body: "", isCut: false });
    },
  };
  const dispatcher = createDispatcher({
    journal,
    clock: { nowMs: () => nowMs },
    notifiers: () => new Map(["slack", "pause", "platform"].map((channel) => [channel, notifier])),
    deliveries: { inc: () => undefined },
    log,
    random: () => 0,
    onTrouble: () => undefined,
    onDelivered: () => undefined,
  });
  return async () => {
    dispatcher.pump();
    await dispatcher.settled();
    return asked.splice(0);
  };
}

describe("dispatcher.pump()", () => {
  it.each(["pause", "platform"])("lets no workflow's %s server hold up the others", async (channel) => {
    owe(channel, "a");
    const turn = start("a");
    expect(await turn()).toEqual(["a"]);
    owe(channel, "b");
    expect(await turn()).toEqual(["b"]);
  });

  it("leaves a channel alone that asked for patience, and for no longer than five minutes", async () => {
    owe("slack", "a");
    const turn = start("a");
    expect(await turn()).toEqual(["a"]);
    owe("slack", "b");
    expect(await turn()).toEqual([]);
    nowMs += 5 * minuteMs;
    expect((await turn()).sort()).toEqual(["a", "b"]);
  });
});
