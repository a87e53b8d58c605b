import { describe, expect, it } from "vitest";
import { analyseCause } from "../../../src/incidents/analyse-cause.ts";
import { detectChanges, type VersionUse } from "../../../src/incidents/detect-changes.ts";
import { type EvidenceSource, gatherEvidence, noEvidence } from "../../../src/incidents/evidence.ts";
import { findSlice, type SliceCount } from "../../../src/incidents/find-slice.ts";
import type { Shows } from "../../../src/incidents/shown-bins.ts";
import { promptDiff } from "../../../src/incidents/prompt-diff.ts";
import { dayMs, hourMs, minuteMs } from "../../../src/model/clock.ts";
import type { VersionRow } from "../../../src/model/rows.ts";
import { type SignalKind, signalId } from "../../../src/model/signal.ts";
import type { Drift } from "../../../src/model/verdict.ts";
import { change, drift, judged, key, moved, startMs } from "./build.ts";

const inputs = moved(key("null_rate", "input.supplier"), startMs);
const outputs = moved(key("null_rate", "output.vendor"), startMs + 2 * minuteMs);
const stepErrors = moved(key("step_errors"), startMs);
const later = (one: typeof inputs, ms: number) => moved(one.signal, one.drift.onset.atMs + ms);

describe("analyseCause()", () => {
  const cases = [
    { why: "inputs first", signals: [outputs, inputs], changes: [], layer: "upstream data" },
    {
      why: "inputs and a prompt at the same time: inputs are not a prompt's doing",
      signals: [inputs, outputs],
      changes: [change("prompt", startMs)],
      layer: "upstream data",
    },
    {
      why: "steps first, inputs hours later",
      signals: [later(inputs, 3 * hourMs), stepErrors],
      changes: [],
      layer: "integration",
    },
    { why: "steps and outputs together", signals: [outputs, stepErrors], changes: [], layer: "integration" },
    {
      why: "steps after a new model",
      signals: [stepErrors],
      changes: [change("model", startMs)],
      layer: "model",
    },
    {
      why: "steps after new code",
      signals: [stepErrors],
      changes: [change("code", startMs)],
      layer: "workflow logic",
    },
    {
      why: "outputs after a new prompt",
      signals: [outputs],
      changes: [change("prompt", startMs)],
      layer: "workflow logic",
    },
    {
      why: "outputs after a new model",
      signals: [outputs],
      changes: [change("model_resolved", startMs)],
      layer: "model",
    },
    {
      why: "outputs after a new prompt and model in one deployment",
      signals: [outputs],
      changes: [change("model", startMs), change("prompt", startMs)],
      layer: "workflow logic",
    },
    {
      why: "outputs, and a prompt that changed days before",
      signals: [outputs],
      changes: [change("model", startMs - 3 * dayMs)],
      layer: "workflow logic",
    },
    { why: "no runs any more", signals: [moved(key("volume"), startMs)], changes: [], layer: "integration" },
  ] as const;
  it.each(cases)("names the layer: $why", ({ signals, changes, layer }) => {
    const cause = analyseCause([...signals], [...changes], noEvidence);
    expect(cause.layer).toBe(layer);
    expect(cause.reasons.length).toBeGreaterThan(0);
  });

  it("names the change at the onset and the version to go back to", () => {
    const cause = analyseCause([outputs], [change("prompt", startMs)], noEvidence);
    expect(cause.change?.what).toBe("prompt");
    expect(cause.lastGoodVersion).toBe("v12");
    expect(cause.reasons).toContain("The prompt changed from `v12` to `v13` at Tue 17 Nov 14:00 UTC.");
    expect(cause.reasons.at(-1)).toBe("The last version without it is `v12`: deploy it again to go back.");
  });

  // The onset is known to ten minutes; detection took an hour, which adds six.
  const times = [
    { why: "at the latest that the onset can be", seen: 16, named: true },
    { why: "with a first run after the onset", seen: 20, named: false },
    { why: "by a canary, whose look before came before the onset", seen: 300, after: -300, named: true },
    { why: "by a canary, whose look before came after the onset", seen: 20, after: 17, named: false },
    { why: "long before", seen: -140, named: false },
  ];
  it.each(times)("names a change only where it can have begun the drift: seen $why", (one) => {
    const seen = change("model_resolved", startMs + one.seen * minuteMs);
    const given = one.after === undefined ? seen : { ...seen, afterMs: startMs + one.after * minuteMs };
    const cause = analyseCause([moved(outputs.signal, startMs)], [given], noEvidence);
    expect(cause.change).toEqual(one.named ? given : null);
  });

  it("leaves a change after the onset out, though another one came shortly before it", () => {
    const changes = [change("code", startMs + 5 * minuteMs), change("model", startMs + 18 * minuteMs)];
    const cause = analyseCause([moved(outputs.signal, startMs)], changes, noEvidence);
    expect(cause.reasons.join()).toContain("The code changed");
    expect(cause.reasons.join()).not.toContain("The model changed");
  });

  it("says between which looks a canary saw a change", () => {
    const seen = { ...change("model_resolved", startMs + dayMs), afterMs: startMs };
    const { reasons } = analyseCause([moved(outputs.signal, startMs)], [seen], noEvidence);
    expect(reasons[0]).toMatch(/ between Tue 17 Nov 14:00 UTC and Wed 18 Nov 14:00 UTC\.$/);
  });

  it("claims no more of the inputs than what is watched of them", () => {
    expect(analyseCause([outputs], [], noEvidence).reasons[0]).toBe(
      "The outputs changed, while nothing that is watched of the inputs and of the calls to models and tools did.",
    );
  });

  it("says that going back is of no use where the version did not change", () => {
    const evidence = { ...noEvidence, versionBefore: "v12", versionAfter: "v12" };
    expect(analyseCause([outputs], [], evidence).reasons.at(-1)).toContain("unlikely to help");
  });

  it("names the slice that carries the shift, and its layer where nothing else tells", () => {
    const found = {
      before: [count("attributes.customer", "acme", 500, 2), count("attributes.customer", "other", 500, 2)],
      after: [count("attributes.customer", "acme", 100, 60), count("attributes.customer", "other", 100, 1)],
      bins: ["empty", "missing"],
      exampleRunIds: [],
      baselineRunIds: [],
    };
    const cause = analyseCause([outputs], [], {
      ...noEvidence,
      signals: { [signalId(outputs.signal)]: found },
    });
    expect(cause.slice).toMatchObject({ attribute: "attributes.customer", value: "acme", runs: 100 });
    expect(cause.layer).toBe("upstream data");
    expect(cause.reasons.join()).toContain(
      "comes from runs with `customer` = `acme` (100 runs since the onset)",
    );
  });
});

function count(attribute: string, value: string, runs: number, hits: number): SliceCount {
  return { attribute, value, runs, hits };
}

describe("findSlice()", () => {
  const cases: { why: string; before: SliceCount[]; after: SliceCount[]; value: string | null }[] = [
    {
      why: "a rate that moved inside one slice",
      before: [count("source", "mail", 800, 8), count("source", "form", 200, 2)],
      after: [count("source", "mail", 80, 1), count("source", "form", 20, 18)],
      value: "form",
    },
    {
      why: "a slice that took over the traffic, its own rate unchanged",
      before: [count("attributes.customer", "acme", 50, 45), count("attributes.customer", "rest", 950, 10)],
      after: [count("attributes.customer", "acme", 60, 54), count("attributes.customer", "rest", 90, 1)],
      value: "acme",
    },
    {
      why: "a slice whose rate fell",
      before: [count("model", "a", 500, 450), count("model", "b", 500, 450)],
      after: [count("model", "a", 50, 5), count("model", "b", 50, 45)],
      value: "a",
    },
    {
      why: "none where all moved alike",
      before: [count("source", "mail", 500, 5), count("source", "form", 500, 5)],
      after: [count("source", "mail", 50, 25), count("source", "form", 50, 25)],
      value: null,
    },
    {
      why: "none where one slice is nearly all of the traffic",
      before: [count("source", "sdk", 990, 9), count("source", "api", 10, 0)],
      after: [count("source", "sdk", 99, 50), count("source", "api", 1, 0)],
      value: null,
    },
    {
      why: "none on a handful of runs",
      before: [count("source", "mail", 500, 0), count("source", "form", 5, 0)],
      after: [count("source", "mail", 8, 0), count("source", "form", 4, 4)],
      value: null,
    },
    {
      why: "none where chance can explain it",
      before: [count("attributes.customer", "acme", 500, 10), count("attributes.customer", "rest", 500, 10)],
      after: [count("attributes.customer", "acme", 8, 6), count("attributes.customer", "rest", 9, 3)],
      value: null,
    },
    { why: "none without runs", before: [], after: [], value: null },
  ];
  it.each(cases)("finds $why", ({ before, after, value }) => {
    expect(findSlice(before, after)?.value ?? null).toBe(value);
  });
});

describe("promptDiff()", () => {
  const cases = [
    { why: "nothing between equal texts", before: "a\nb", after: "a\nb", diff: "" },
    { why: "nothing where a text is unknown", before: "", after: "a", diff: "" },
    {
      why: "the lines that differ, in order",
      before: "be kind\nbe brief\nend",
      after: "be kind\nbe long\nend\nbye",
      diff: "- be brief\n+ be long\n+ bye",
    },
  ];
  it.each(cases)("shows $why", ({ before, after, diff }) => {
    expect(promptDiff(before, after)).toBe(diff);
  });

  it("stays small for long prompts", () => {
    const lines = (word: string) =>
      Array.from({ length: 2000 }, (_, i) => `${word}${i} ${"x".repeat(500)}`).join("\n");
    const diff = promptDiff(lines("a"), lines("b")).split("\n");
    expect(diff).toHaveLength(41);
    expect(diff.at(-1)).toBe("… 760 more lines");
    expect(Math.max(...diff.map((line) => line.length))).toBeLessThanOrEqual(202);
  });
});

describe("detectChanges()", () => {
  const row = (version: string, overrides: Partial<VersionRow> = {}): VersionRow => ({
    workflow: "triage",
    version,
    prompt_name: "triage",
    prompt_version: "1",
    prompt: "Be kind.",
    model: "gpt-5-mini",
    settings: "",
    code_revision: "abc",
    first_seen_at: 0,
    ...overrides,
  });
  const use = (version: string, runs = 100, modelResolved = ""): VersionUse => ({
    version,
    modelResolved,
    firstMs: startMs,
    runs,
  });
  const versions = (...rows: VersionRow[]) => new Map(rows.map((one) => [one.version, one]));
  const whats = (...args: Parameters<typeof detectChanges>) =>
    detectChanges(...args).map((event) => event.what);

  const cases: { why: string; after: Partial<VersionRow>; what: string[] }[] = [
    { why: "the prompt's text", after: { prompt: "Be curt." }, what: ["prompt"] },
    { why: "the prompt's version alone", after: { prompt_version: "2" }, what: ["prompt"] },
    { why: "the model", after: { model: "gpt-5" }, what: ["model"] },
    { why: "the settings", after: { settings: '{"temperature":1}' }, what: ["settings"] },
    { why: "the code", after: { code_revision: "def" }, what: ["code"] },
    { why: "several at once", after: { prompt: "Be curt.", model: "gpt-5" }, what: ["prompt", "model"] },
    { why: "only the id that people gave it", after: {}, what: ["version"] },
  ];
  it.each(cases)("sees a change of $why", ({ after, what }) => {
    const known = versions(row("v1"), row("v2", after));
    expect(whats("triage", [use("v1")], [use("v2")], known)).toEqual(what);
  });

  it("shows the prompt's difference, and ids that stay the same", () => {
    const known = versions(row("v1"), row("v2", { prompt: "Be curt.", prompt_version: "2" }));
    const [event] = detectChanges("triage", [use("v1", 90), use("v0", 10)], [use("v1"), use("v2")], known);
    expect(event).toMatchObject({
      before: "triage 1",
      after: "triage 2",
      versionBefore: "v1",
      diff: "- Be kind.\n+ Be curt.",
    });
    expect(detectChanges("triage", [use("v1", 90)], [use("v2")], known)[0]).toEqual(event);
  });

  it("sees a resolved model that changed under the same version", () => {
    const event = detectChanges(
      "triage",
      [use("v1", 50, "m-05")],
      [use("v1", 5, "m-11")],
      versions(row("v1")),
    );
    expect(event).toMatchObject([{ what: "model_resolved", before: "m-05", after: "m-11" }]);
  });

  const quiet = [
    { why: "a new workflow", before: [], now: [use("v1")] },
    { why: "the same version", before: [use("v1")], now: [use("v1")] },
    { why: "a resolved model that was not known before", before: [use("v1")], now: [use("v1", 1, "m")] },
  ];
  it.each(quiet)("sees no change in $why", ({ before, now }) => {
    expect(whats("triage", before, now, versions(row("v1")))).toEqual([]);
  });
});

describe("gatherEvidence()", () => {
  const nowMs = startMs + hourMs;
  const counted = { "=en": 300, "=es": 60, "=€": 9, other: 70, "=pt": 8, "=it": 7 };

  /** Answers ids that say what was asked for. */
  function source(): EvidenceSource & { asked: { bin: string; fromMs: number; toMs: number }[] } {
    const asked: { bin: string; fromMs: number; toMs: number }[] = [];
    return {
      asked,
      sliceCounts: async ({ bin, fromMs, toMs }) => {
        asked.push({ bin, fromMs, toMs });
        return [count("source", "api", 10, bin === "missing" ? 4 : 3)];
      },
      exampleRuns: async ({ bin, limit, fromMs }) =>
        Array.from({ length: limit }, (_, i) => ({
          run_id: `${bin || "any"}-${fromMs < startMs ? "before" : "after"}-${i}`,
        })),
      readVersions: async ({ fromMs }) => [{ version: fromMs < startMs ? "v12" : "v13", runs: 5 }],
      readBuckets: async ({ kinds: [kind = "type"], field }) => [
        { kind, field, counts: counted },
        { kind, field: `${field}.parent`, counts: { "=zz": 1000 } },
      ],
    };
  }

  async function evidenceFor(kind: SignalKind, field: string, moved: Partial<Drift>, shows: Shows) {
    const from = source();
    const fresh = [judged(key(kind, field), drift(startMs, moved), nowMs)];
    const evidence = await gatherEvidence(from, "triage", fresh, { nowMs, shows, confidenceBelow: 0.6 });
    return { evidence, asked: from.asked, found: evidence.signals[signalId(key(kind, field))] };
  }

  it("scans before and after the onset, adds up the classes of nulls, and finds examples of both", async () => {
    const { evidence, asked, found } = await evidenceFor("null_rate", "output.vendor", {}, () => null);
    expect(evidence).toMatchObject({ versionBefore: "v12", versionAfter: "v13" });
    expect(found?.after).toEqual([count("source", "api", 10, 7)]);
    expect(found?.exampleRunIds).toEqual(["empty-after-0", "empty-after-1", "empty-after-2"]);
    expect(found?.baselineRunIds[0]).toBe("value-before-0");
    for (const { fromMs, toMs } of asked) expect(toMs <= startMs || fromMs >= startMs).toBe(true);
  });

  it("asks for whole milliseconds, which the store takes", async () => {
    const onset = { atMs: startMs + 0.6, earliestMs: startMs - 0.335, latestMs: startMs + 60_000.5 };
    const { asked } = await evidenceFor("errors", "", { onset }, () => null);
    expect(asked).toHaveLength(2);
    for (const { fromMs, toMs } of asked) expect([fromMs % 1, toMs % 1]).toEqual([0, 0]);
  });

  it("looks for the most frequent bins that show the drift, and no other", async () => {
    const isNew = (bin: string) => bin !== "=en";
    const { asked, found } = await evidenceFor(
      "output_distribution",
      "output.language",
      { of: "never seen before" },
      () => isNew,
    );
    expect(found?.bins).toEqual(["=es", "=€", "=pt"]);
    expect(found?.exampleRunIds[0]).toBe("=es-after-0");
    expect([...new Set(asked.map(({ bin }) => bin))]).toEqual(["=es", "=€", "=pt"]);
  });

  const kinds: { why: string; kind: SignalKind; moved: Partial<Drift>; after: string }[] = [
    { why: "a rate that fell", kind: "errors", moved: { direction: "down" }, after: "no" },
    {
      why: "an outcome that came less often",
      kind: "outcome",
      moved: { direction: "down" },
      after: "no",
    },
    { why: "a null rate that fell", kind: "null_rate", moved: { direction: "down" }, after: "value" },
    { why: "volume, which any run shows", kind: "volume", moved: { unit: "runs/h" }, after: "any" },
    { why: "a new key", kind: "type", moved: {}, after: "any" },
  ];
  it.each(kinds)("finds examples of $why", async ({ kind, moved, after }) => {
    const { found } = await evidenceFor(kind, "output.vendor", moved, () => null);
    expect(found?.exampleRunIds[0]).toBe(`${after}-after-0`);
  });

  it("has no example where no run shows it", async () => {
    const { found } = await evidenceFor("text_length", "output.a", { of: "above 90" }, () => () => false);
    expect(found).toMatchObject({ bins: [], exampleRunIds: [] });
  });

  it("asks nothing when nothing drifts", async () => {
    const never = () => Promise.reject(new Error("asked"));
    const source: EvidenceSource = {
      sliceCounts: never,
      exampleRuns: never,
      readVersions: never,
      readBuckets: never,
    };
    expect(
      await gatherEvidence(source, "triage", [], { nowMs, shows: never as never, confidenceBelow: null }),
    ).toEqual(noEvidence);
  });
});
