import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPendingLog } from "../../../src/collector/pending-log.ts";
import type { PendingLog, SeenIds, Sink } from "../../../src/collector/ports.ts";
import { createSeenIds } from "../../../src/collector/seen-ids.ts";
import { TransientError } from "../../../src/model/errors.ts";
import { createHarness, spanJson, tracesJson } from "./harness.ts";

const trace = "aa".padEnd(32, "0");
const child = (content = "child", spanId = "02") =>
  tracesJson([spanJson("aa", spanId, { "input.value": content }, { parentSpanId: "01".padEnd(16, "0") })]);
const sdkRun = () => tracesJson([spanJson("aa", "01", { "evenkeel.workflow": "w", "evenkeel.run.id": "r" })]);

describe("runs that wait for the root of their trace", () => {
  let dir: string;
  let seen: SeenIds;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "evenkeel-held-"));
    seen = createSeenIds(1_000);
  });

  /** A life of the collector on the same folder, with the ids that the spool would restore. */
  const live = async (sink: Partial<{ sink: Sink }> = {}) =>
    createHarness({ seen, pendingLog: await open(), ...sink });

  const logs: PendingLog[] = [];
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close();
  });

  async function open(): Promise<PendingLog> {
    // As the spool's lock has it: a life begins once nothing of the one before is under way.
    await logs.at(-1)?.close();
    const log = await openPendingLog({ dir, onDamage: () => undefined });
    logs.push(log);
    return log;
  }

  it("become runs after a crash, redacted once, and no second time after another", async () => {
    const first = await live();
    await first.ingest.traces(child("write to ana@example.test"), "json");
    const second = await live();
    // However long nobody was here: the root may come now.
    second.clock.timeMs += 60_000;
    await second.ingest.settle();
    expect(second.rows("runs")).toEqual([]);
    second.clock.timeMs += 10_000;
    await second.ingest.settle();
    expect(second.rows("runs")).toMatchObject([{ run_id: trace, inputs: first.rows("steps")[0]?.inputs }]);
    const third = await live();
    await third.ingest.settle(true);
    expect(third.rows("runs")).toEqual([]);
  });

  it("are none after a crash if the trace's own run came before it", async () => {
    const first = await live();
    await first.ingest.traces(child(), "json");
    await first.ingest.traces(sdkRun(), "json");
    const second = await live();
    await second.ingest.settle(true);
    expect(second.rows("runs")).toEqual([]);
  });

  it("are none if the trace's own run comes after the crash", async () => {
    await (await live()).ingest.traces(child(), "json");
    const second = await live();
    await second.ingest.traces(sdkRun(), "json");
    await second.ingest.settle(true);
    expect(second.rows("runs").map((row) => row.run_id)).toEqual(["r"]);
    const third = await live();
    await third.ingest.settle(true);
    expect(third.rows("runs")).toEqual([]);
  });

  it("keep the earliest span across a crash, however often the wait is renewed", async () => {
    const first = await live();
    for (const [at, content] of ["earliest", "later", "last"].entries()) {
      await first.ingest.traces(
        tracesJson([
          spanJson(
            "aa",
            `1${at}`,
            { "input.value": content },
            {
              parentSpanId: "01".padEnd(16, "0"),
              startTimeUnixNano: String(1_795_164_000_000_000_000n + BigInt(at) * 1_000_000_000n),
            },
          ),
        ]),
        "json",
      );
      first.clock.timeMs += 7_000;
      await first.ingest.settle();
    }
    const second = await live();
    await second.ingest.settle(true);
    expect(second.rows("runs")).toMatchObject([{ run_id: trace, inputs: '"earliest"' }]);
  });

  it("stay on disk while their request is under way, whatever else is settled meanwhile", async () => {
    let isReady: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => (isReady = resolve));
    const pendingLog = await open();
    const { ingest, clock } = createHarness({ seen, pendingLog, sink: { append: () => ready } });
    const taken = ingest.traces(child(), "json");
    clock.timeMs += 30_000;
    await ingest.settle();
    await ingest.settle(true);
    isReady();
    await taken;
    await pendingLog.close();
    const second = await live();
    await second.ingest.settle(true);
    expect(second.rows("runs")).toMatchObject([{ run_id: trace }]);
  });

  it("wait on while the spool takes no rows", async () => {
    let isFull = false;
    const kept: string[] = [];
    const { ingest } = await live({
      sink: {
        async append({ runs = [] }) {
          if (isFull) throw new TransientError("Cannot keep rows: the spool is at its limit");
          kept.push(...runs.map((run) => run.run_id));
        },
      },
    });
    await ingest.traces(child(), "json");
    isFull = true;
    await expect(ingest.settle(true)).rejects.toThrow(TransientError);
    isFull = false;
    await ingest.settle(true);
    expect(kept).toEqual([trace]);
  });

  it("are not acknowledged while the disk refuses them, and taken when they are sent again", async () => {
    const log = await open();
    let isFull = true;
    const append: typeof log.append = (held) =>
      isFull
        ? Promise.resolve(new TransientError("Cannot hold runs: the disk refused them"))
        : log.append(held);
    const { ingest } = createHarness({ seen, pendingLog: { ...log, append } });
    await expect(ingest.traces(child(), "json")).rejects.toThrow("Cannot hold runs");
    isFull = false;
    await ingest.traces(child(), "json");
    const second = await live();
    await second.ingest.settle(true);
    expect(second.rows("runs")).toMatchObject([{ run_id: trace }]);
  });
});
