import { afterEach, describe, expect, it } from "vitest";
import { createTrials } from "../../../src/alerts/trials.ts";
import { minuteMs } from "../../../src/model/clock.ts";
import type { SignalBucket } from "../../../src/model/signal.ts";
import { event, incident, settings } from "../../unit/alerts/build.ts";
import { type Bench, createBench } from "./bench.ts";

let bench: Bench;

afterEach(() => bench.close());

/** A paused workflow, resumed on trial for 10 runs; `perMinute` are the counts that each minute then brings. */
function onTrial(perMinute: { value: number; missing: number }) {
  bench = createBench(settings());
  const { alerts, journal, clock } = bench;
  const critical = incident();
  alerts.record({ incidents: [critical], events: [event("opened", critical)] });
  const workflow = "invoices";
  const trials = createTrials({
    journal,
    ledger: alerts,
    clock,
    storedThroughMs: () => clock.nowMs(),
    readBuckets: async ({ fromMs, toMs, stepMs }) => {
      const buckets: SignalBucket[] = [];
      for (let startMs = fromMs; startMs < toMs; startMs += stepMs) {
        const runs = perMinute.value + perMinute.missing;
        buckets.push({ workflow, kind: "volume", field: "", startMs, counts: { run: runs } });
        buckets.push({ workflow, kind: "null_rate", field: "output.vendor", startMs, counts: perMinute });
      }
      return buckets;
    },
  });
  expect(trials.start({ workflow, actor: "ana", reason: "header fixed", runs: 10 })).toBe(true);
  return {
    trials,
    after: async (minutes: number) => {
      clock.advance(minutes * minuteMs);
      await trials.check();
      return journal.pauses.get(workflow);
    },
    actions: () => journal.audit.list().map(({ action }) => action),
  };
}

describe("createTrials()", () => {
  it("lets runs through, and says that they were well", async () => {
    const { after, actions } = onTrial({ value: 5, missing: 0 });
    expect(await after(2)).toMatchObject({ state: "running", reason: "header fixed (on trial for 10 runs)" });
    expect(actions()).not.toContain("trial passed");
    expect((await after(1)).state).toBe("running");
    expect(actions()[0]).toBe("trial passed");
    expect((await after(60)).state).toBe("running");
    expect(actions().filter((action) => action === "trial passed")).toHaveLength(1);
  });

  it("pauses again when the runs look as before", async () => {
    const { after, trials } = onTrial({ value: 3, missing: 2 });
    expect(await after(3)).toMatchObject({
      state: "paused",
      actor: "evenkeel",
      incidentId: incident().incidentId,
      reason:
        "The trial of 10 runs failed: null_rate of output.vendor is as it was before the pause: 4 of 10",
    });
    expect(trials.start({ workflow: "other", actor: "ana", reason: "", runs: 5 })).toBe(false);
  });

  it("ends when a person pauses the workflow meanwhile", async () => {
    const { after, actions } = onTrial({ value: 5, missing: 0 });
    bench.alerts.pauseWorkflow({ workflow: "invoices", actor: "ben", reason: "no" });
    await after(1);
    bench.alerts.resumeWorkflow({ workflow: "invoices", actor: "ben", reason: "yes" });
    await after(10);
    expect(actions()).not.toContain("trial passed");
  });
});
