import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type App, createApp } from "../../../src/app.ts";
import { configSchema } from "../../../src/config.ts";
import { dayMs, hourMs, minuteMs } from "../../../src/model/clock.ts";
import { dataFolder } from "../../sidecar.ts";

// A Monday at midnight, UTC.
const startMs = Date.UTC(2026, 9, 5);
const workflow = "invoice-extraction";

let folder: ReturnType<typeof dataFolder>;
let nowMs: number;
let app: App;
let runs = 0;

async function open(): Promise<void> {
  const config = configSchema.parse({
    data: folder.data,
    // The test sweeps by itself.
    sweep_seconds: 600,
    workflows: { [workflow]: { owner: "ana@example.test", pause: { mode: "on" } } },
  });
  app = await createApp({ config, clock: { nowMs: () => nowMs }, log: pino({ level: "silent" }) });
}

beforeEach(async () => {
  folder = dataFolder();
  nowMs = startMs;
  runs = 0;
  await open();
});

afterEach(async () => {
  await app.stop();
  folder.remove();
});

interface Output {
  vendor: string;
  total: number;
}

/** One run every five minutes, then everything is stored and swept. */
async function live(hours: number, output: (n: number) => Output, extra: object = {}): Promise<void> {
  const endMs = nowMs + hours * hourMs;
  while (nowMs < endMs) {
    nowMs += 5 * minuteMs;
    runs += 1;
    const run = {
      run_id: `run-${runs}`,
      workflow,
      inputs: { page: runs % 7 },
      outputs: output(runs),
      ...extra,
    };
    await app.parts.ingest.runs(Buffer.from(JSON.stringify(run)));
  }
  await app.parts.writer()?.flush();
  await app.parts.watch.sweep();
}

const good = (n: number): Output => ({
  vendor: n % 200 === 0 ? "" : `vendor ${n % 5}`,
  total: 100 + (n % 13),
});
const bad = (n: number): Output => ({ vendor: "", total: 100 + (n % 13) });

async function history(days: number): Promise<void> {
  const past = Array.from({ length: days * 288 }, (_, n) => ({
    run_id: `past-${n}`,
    workflow,
    inputs: { page: n % 7 },
    outputs: good(n),
    started_at: new Date(nowMs - days * dayMs + n * 5 * minuteMs).toISOString(),
  }));
  for (let at = 0; at < past.length; at += 500) {
    await app.parts.ingest.runs(Buffer.from(JSON.stringify(past.slice(at, at + 500))), { isHistory: true });
  }
}

/** Until the import is known to be over and a baseline is there. */
async function learned(): Promise<void> {
  while (app.parts.journal.baselines.current(workflow) === null) {
    await app.parts.watch.sweep();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const open_ = () => app.parts.journal.incidents.list({ states: ["open"] });

describe("watch", () => {
  it("learns from imported history, finds a field that went empty, and pauses the workflow once", async () => {
    await history(14);
    await learned();
    expect(app.parts.journal.baselines.current(workflow)?.runs).toBe(14 * 288);
    await live(6, good);
    expect(open_()).toEqual([]);
    const onsetMs = nowMs;
    await live(6, bad);
    const [incident, ...others] = open_();
    expect(others).toEqual([]);
    expect(incident?.title).toContain("`output.vendor`");
    expect(incident?.cause.layer).toBe("workflow logic");
    expect(Math.abs((incident?.onsetMs ?? 0) - onsetMs)).toBeLessThan(hourMs);
    expect(incident?.exampleRunIds).toHaveLength(3);
    expect(app.parts.journal.pauses.get(workflow)).toMatchObject({ state: "paused", actor: "evenkeel" });
  });

  const examples = [
    {
      why: "that have a value never seen before",
      output: (n: number) =>
        n % 2 === 0 ? good(n) : { ...good(n), vendor: n % 8 === 1 ? "<Nord>" : "Neuland" },
      title: 'has one (such as "Neuland", "<Nord>")',
      shows: ({ vendor }: Output) => /Neuland|Nord/.test(vendor),
    },
    {
      why: "on the side to which a number moved",
      output: (n: number) => ({ ...good(n), total: n % 10 < 3 ? 101 : 150 }),
      title: "`output.total`",
      shows: ({ total }: Output) => total > 112,
    },
  ];
  it.each(examples)("gives runs as examples $why", async ({ output, title, shows }) => {
    await history(14);
    await learned();
    await live(3, good);
    await live(12, output);
    const [incident] = open_();
    expect(incident?.title).toContain(title);
    const shown = await Promise.all((incident?.exampleRunIds ?? []).map((id) => app.parts.store.receipt(id)));
    const outputs = shown.map((receipt) => JSON.parse(receipt?.run.outputs ?? "{}") as Output);
    expect(outputs).toHaveLength(3);
    expect(outputs.filter((one) => !shows(one))).toEqual([]);
  });

  it("does not take the silence of a paused workflow for a drift, nor its end", async () => {
    await history(14);
    await learned();
    await live(3, good);
    app.parts.alerts.pauseWorkflow({ workflow, actor: "ana", reason: "maintenance" });
    nowMs += 8 * hourMs;
    await app.parts.watch.sweep();
    nowMs += 4 * hourMs;
    await app.parts.watch.sweep();
    expect(app.parts.journal.incidents.list()).toEqual([]);
    app.parts.alerts.resumeWorkflow({ workflow, actor: "ana", reason: "done" });
    await live(3, good);
    expect(app.parts.journal.incidents.list()).toEqual([]);
    nowMs += 8 * hourMs;
    await app.parts.watch.sweep();
    expect(app.parts.journal.incidents.list().map(({ title }) => title)).toEqual([
      expect.stringContaining("none of the runs"),
    ]);
  });

  it("expects no runs of a workflow that has only imported history", async () => {
    await history(14);
    await learned();
    nowMs += 2 * dayMs;
    await app.parts.watch.sweep();
    expect(app.parts.journal.incidents.list()).toEqual([]);
  });

  it("neither forgets nor counts twice over a restart", async () => {
    await history(14);
    await learned();
    await live(3, good);
    await live(2, bad);
    const before = app.parts.watch.signals(workflow);
    const known = app.parts.journal.incidents.list();
    await app.stop();
    await open();
    await app.parts.watch.sweep();
    expect(app.parts.watch.signals(workflow)).toEqual(before);
    await live(4, bad);
    const after = app.parts.journal.incidents.list();
    expect(after).toHaveLength(1);
    for (const incident of known) expect(after.map((one) => one.incidentId)).toContain(incident.incidentId);
  });

  it("takes the new normal when a person accepts it, and keeps the old baseline on record", async () => {
    await history(14);
    await learned();
    await live(3, good);
    await live(14, bad);
    expect(open_()).toHaveLength(1);
    const act = { actor: "ana", reason: "vendors are gone for good" };
    const outcome = await app.parts.watch.baseline(workflow, act, { action: "accept" });
    expect(outcome).toMatchObject({ kind: "pinned", baseline: { actor: "ana" } });
    expect(open_()).toEqual([]);
    expect(app.parts.journal.baselines.history(workflow)).toHaveLength(2);
    await live(6, bad);
    expect(open_()).toEqual([]);
  });

  it("tells of a model that changed underneath, as a change event and not as a drift", async () => {
    await history(7);
    await learned();
    await live(3, good, { version: "v1", model: "gpt-5-mini", attributes: {} });
    const otlp = (model: string, n: number) => ({
      resourceSpans: [
        {
          resource: { attributes: [] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: n.toString(16).padStart(32, "a"),
                  spanId: n.toString(16).padStart(16, "b"),
                  name: "chat",
                  startTimeUnixNano: String(nowMs * 1e6),
                  endTimeUnixNano: String(nowMs * 1e6),
                  attributes: Object.entries({
                    "evenkeel.workflow": workflow,
                    "evenkeel.run.id": `otlp-${n}`,
                    "evenkeel.version": "v1",
                    "evenkeel.output": JSON.stringify(good(n)),
                    "gen_ai.response.model": model,
                  }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
                },
              ],
            },
          ],
        },
      ],
    });
    const send = async (model: string) => {
      for (let n = 0; n < 20; n++) {
        nowMs += minuteMs;
        runs += 1;
        await app.parts.ingest.traces(Buffer.from(JSON.stringify(otlp(model, runs))), "json");
      }
      nowMs += minuteMs;
      await app.parts.writer()?.flush();
      await app.parts.watch.sweep();
    };
    await send("gpt-5-mini-2026-08-01");
    await send("gpt-5-mini-2026-11-01");
    const changes = app.parts.journal.changes
      .list({ workflow })
      .filter(({ what }) => what === "model_resolved");
    expect(changes).toMatchObject([{ before: "gpt-5-mini-2026-08-01", after: "gpt-5-mini-2026-11-01" }]);
    expect(app.parts.watch.signals(workflow).some(({ signal }) => signal.kind === "model")).toBe(false);
  });
});
