import { describe, expect, it } from "vitest";
import { advanceIncidents } from "../../../src/incidents/advance-incidents.ts";
import { noEvidence } from "../../../src/incidents/evidence.ts";
import { defaultIncidentSettings } from "../../../src/incidents/settings.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import type { ChangeEvent, Incident } from "../../../src/model/incident.ts";
import { signalId } from "../../../src/model/signal.ts";
import { change, drift, judged, key, merge, startMs, sweep } from "./build.ts";

const category = key("output_distribution", "output.category");
const region = { attribute: "attributes.region", runs: 50 };
/** What drifts, since when is not known well, and that all of it comes from one region. */
const onset = { atMs: startMs, earliestMs: startMs - hourMs, latestMs: startMs + 3 * hourMs };
const moved = judged(category, drift(startMs, { onset }), startMs + hourMs);
const slices = {
  bins: [],
  exampleRunIds: [],
  baselineRunIds: [],
  before: ["eu", "us"].map((value) => ({ ...region, value, hits: 0 })),
  after: ["eu", "us"].map((value) => ({ ...region, value, hits: value === "eu" ? 40 : 0 })),
};

/** A canary's rounds lie a day apart: the one before the onset saw the old model, the one after it the new one. */
const round: ChangeEvent = {
  ...change("model_resolved", startMs + 16 * hourMs),
  before: "m-05",
  after: "m-11",
  versionAfter: "v12",
  afterMs: startMs - 8 * hourMs,
};

/** An incident that opened before the round, and what the sweep after the round makes of it. */
function play({ changes = [round], nowMs = startMs + 17 * hourMs, known = openOne() } = {}) {
  const settings = { ...defaultIncidentSettings, remindMs: 0 };
  const result = advanceIncidents(sweep(nowMs, { known, verdicts: [moved], changes, settings }));
  return { ...result, known: merge(known, result.incidents) };
}

function openOne(before: readonly ChangeEvent[] = []): Incident[] {
  const evidence = { ...noEvidence, signals: { [signalId(category)]: slices } };
  return advanceIncidents(sweep(startMs + hourMs, { verdicts: [moved], changes: before, evidence }))
    .incidents;
}

describe("advanceIncidents() after a round of a canary", () => {
  it("tells once that the model had changed when the open incident began", () => {
    expect(openOne()[0]?.cause).toMatchObject({ layer: "upstream data", change: null });
    const { known, events } = play();
    expect(events.map(({ kind, note }) => ({ kind, note }))).toEqual([
      {
        kind: "explained",
        note: "The model that answers changed from `m-05` to `m-11` between Tue 17 Nov 06:00 UTC and Wed 18 Nov 06:00 UTC.",
      },
    ]);
    expect(known).toHaveLength(1);
    expect(known[0]?.cause).toMatchObject({ layer: "model", change: { after: "m-11" } });
    // What was found in the runs when it opened still holds.
    expect(known[0]?.cause.reasons.join()).toContain(
      "100 % of the shift comes from runs with `region` = `eu`",
    );
    expect(play({ known, nowMs: startMs + 18 * hourMs }).events).toEqual([]);
  });

  it("lets what the canary found join it, in the same message", () => {
    const nowMs = startMs + 17 * hourMs;
    const between = { atMs: round.atMs, earliestMs: startMs - 8 * hourMs, latestMs: round.atMs };
    const model = judged(key("canary_delta", "model"), drift(round.atMs, { onset: between }), round.atMs);
    const { events, incidents } = advanceIncidents(
      sweep(nowMs, { known: openOne(), verdicts: [moved, model], changes: [round] }),
    );
    expect(events.map(({ kind }) => kind)).toEqual(["explained"]);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.signals).toHaveLength(2);
    expect(events[0]?.incident).toEqual(incidents[0]);
  });

  const quiet: { why: string; changes?: ChangeEvent[]; known?: Incident[] }[] = [
    {
      why: "the old model still answered after the onset",
      changes: [{ ...round, afterMs: startMs + 8 * hourMs }],
    },
    {
      why: "a deployment since then, which runs show at once",
      changes: [change("prompt", startMs + 2 * hourMs)],
    },
    { why: "the incident names a change already", known: openOne([change("prompt", startMs)]) },
    {
      why: "the incident is over",
      known: openOne().map((one) => ({ ...one, state: "resolved", resolvedAtMs: startMs + dayMs / 2 })),
    },
  ];
  it.each(quiet)("changes nothing where $why", (given) => {
    const { events, incidents } = play(given);
    expect(events).toEqual([]);
    expect(incidents).toEqual([]);
  });
});
