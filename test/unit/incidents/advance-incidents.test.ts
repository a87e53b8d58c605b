import { describe, expect, it } from "vitest";
import { advanceIncidents, freshDrifts } from "../../../src/incidents/advance-incidents.ts";
import { applyCommand } from "../../../src/incidents/apply-command.ts";
import { dayMs, hourMs, minuteMs } from "../../../src/model/clock.ts";
import { noEvidence } from "../../../src/incidents/evidence.ts";
import type { Sweep } from "../../../src/incidents/sweep.ts";
import type { Incident } from "../../../src/model/incident.ts";
import { type SignalKey, signalId } from "../../../src/model/signal.ts";
import type { Drift, SignalVerdict } from "../../../src/model/verdict.ts";
import { change, drift, judged, key, merge, stable, startMs, sweep } from "./build.ts";

const vendor = key("null_rate", "output.vendor");
const category = key("output_distribution", "output.category");
const overrides = key("override_rate");

/** Plays sweeps one after another, each with its verdicts. */
function play(steps: { atMs: number; verdicts: SignalVerdict[] }[], known: Incident[] = []) {
  const told: string[] = [];
  let incidents = known;
  for (const { atMs, verdicts } of steps) {
    const result = advanceIncidents(sweep(atMs, { known: incidents, verdicts }));
    incidents = merge(incidents, result.incidents);
    told.push(...result.events.map((event) => event.kind));
  }
  return { incidents, told };
}

function openVendor(): Incident {
  const { incidents } = play([
    { atMs: startMs + hourMs, verdicts: [judged(vendor, drift(startMs), startMs + hourMs)] },
  ]);
  return incidents[0]!;
}

describe("advanceIncidents()", () => {
  it("opens one incident for signals that began to move together, whatever the order of verdicts", () => {
    const verdicts = [
      judged(category, drift(startMs + 5 * minuteMs), startMs + hourMs),
      judged(vendor, drift(startMs, { effect: 50 }), startMs + hourMs),
    ];
    const one = advanceIncidents(sweep(startMs + hourMs, { verdicts }));
    const other = advanceIncidents(sweep(startMs + hourMs, { verdicts: [...verdicts].reverse() }));
    expect(one).toEqual(other);
    expect(one.events.map((event) => event.kind)).toEqual(["opened"]);
    expect(one.incidents).toHaveLength(1);
    expect(one.incidents[0]).toMatchObject({
      state: "open",
      severity: "warning",
      owner: "ana@example.test",
      onsetMs: startMs,
      title: "null_rate output.vendor moved.",
    });
    expect(one.events[0]?.incident).toEqual(one.incidents[0]);
    expect(one.incidents[0]?.signals.map((signal) => signal.signal)).toEqual([vendor, category]);
  });

  it("opens separate incidents for drifts days apart", () => {
    const { incidents, told } = play([
      { atMs: startMs + hourMs, verdicts: [judged(vendor, drift(startMs), startMs + hourMs)] },
      {
        atMs: startMs + 3 * dayMs,
        verdicts: [
          judged(vendor, drift(startMs), startMs + 3 * dayMs),
          judged(overrides, drift(startMs + 2 * dayMs), startMs + 3 * dayMs),
        ],
      },
    ]);
    expect(incidents).toHaveLength(2);
    expect(told.filter((kind) => kind === "opened")).toHaveLength(2);
  });

  it("joins a late drift to the open incident whose change stands at its onset", () => {
    const deployed = change("prompt", startMs);
    const first = advanceIncidents(
      sweep(startMs + hourMs, {
        verdicts: [judged(category, drift(startMs), startMs + hourMs)],
        changes: [deployed],
      }),
    );
    const late = drift(startMs + 100 * minuteMs);
    late.onset.earliestMs = startMs + 60 * minuteMs;
    const second = advanceIncidents(
      sweep(startMs + 4 * hourMs, {
        known: first.incidents,
        verdicts: [judged(vendor, late, startMs + 4 * hourMs)],
        changes: [deployed],
      }),
    );
    expect(second.events.map((event) => event.kind)).toEqual(["joined"]);
    expect(second.incidents).toHaveLength(1);
  });

  describe("lets one order say title and examples", () => {
    const volume = key("volume");
    const found = (name: string) => ({
      bins: [`=${name}`],
      before: [],
      after: [],
      exampleRunIds: [`${name}-1`],
      baselineRunIds: [`${name}-0`],
    });
    const explain: Sweep["explain"] = ({ signal, bins }) => `${signal.kind} moved ${(bins ?? []).join()}`;
    const at = (minute: number, verdicts: [SignalKey, Partial<Drift>][], known: Incident[] = []) => {
      const nowMs = startMs + minute * minuteMs;
      const fresh = freshDrifts({
        known,
        verdicts: verdicts.map(([signal, moved]) => judged(signal, drift(startMs, moved), nowMs)),
      });
      const signals = Object.fromEntries(
        fresh.map(({ signal }) => [signalId(signal), found(`${signal.kind}@${minute}`)]),
      );
      const result = advanceIncidents(
        sweep(nowMs, {
          known,
          verdicts: verdicts.map(([signal, moved]) => judged(signal, drift(startMs, moved), nowMs)),
          evidence: { ...noEvidence, signals },
          explain,
        }),
      );
      return merge(known, result.incidents);
    };

    it("of the field that opened the incident, once the number of runs has moved too", () => {
      const opened = at(60, [[category, { effect: 40 }]]);
      const both = at(
        70,
        [
          [category, { effect: 40 }],
          [volume, { effect: 5000 }],
        ],
        opened,
      );
      expect(both[0]?.signals).toHaveLength(2);
      expect(both[0]).toMatchObject({
        title: "output_distribution moved =output_distribution@60",
        exampleRunIds: ["output_distribution@60-1"],
        baselineRunIds: ["output_distribution@60-0"],
      });
    });

    it("of the signal that leads now, with the values that were found when it was noticed", () => {
      const opened = at(60, [[category, { effect: 10 }]]);
      const joined = at(
        70,
        [
          [category, { effect: 10 }],
          [vendor, { effect: 12 }],
        ],
        opened,
      );
      expect(joined[0]).toMatchObject({
        title: "null_rate moved =null_rate@70",
        exampleRunIds: ["null_rate@70-1"],
      });
      const grown = at(
        80,
        [
          [category, { effect: 900 }],
          [vendor, { effect: 12 }],
        ],
        joined,
      );
      expect(grown[0]).toMatchObject({
        title: "output_distribution moved =output_distribution@60",
        exampleRunIds: ["output_distribution@60-1"],
      });
    });
  });

  it("makes the same ids from the same sweep, so that a replay after a crash creates no second incident", () => {
    const at = sweep(startMs + hourMs, { verdicts: [judged(vendor, drift(startMs), startMs + hourMs)] });
    expect(advanceIncidents(at)).toEqual(advanceIncidents(at));
  });

  it("says nothing new while the same signals drift on", () => {
    const steps = [1, 2, 3].map((hour) => ({
      atMs: startMs + hour * hourMs,
      verdicts: [judged(vendor, drift(startMs), startMs + hour * hourMs)],
    }));
    expect(play(steps).told).toEqual(["opened"]);
  });

  it("returns no incident that did not change", () => {
    const incident = openVendor();
    const again = sweep(startMs + 2 * hourMs, {
      known: [incident],
      verdicts: [judged(vendor, drift(startMs), startMs + 2 * hourMs)],
    });
    expect(advanceIncidents(again)).toEqual({ incidents: [], events: [] });
  });

  it("is critical at once when a new drift agrees with the strict parameters, in one message", () => {
    const result = advanceIncidents(
      sweep(startMs + hourMs, {
        verdicts: [judged(vendor, drift(startMs, { pause: true }), startMs + hourMs)],
      }),
    );
    expect(result.events.map((event) => event.kind)).toEqual(["opened"]);
    expect(result.incidents[0]?.severity).toBe("critical");
  });

  it("escalates once when the strict parameters agree later", () => {
    const steps = [false, true, true].map((pause, i) => ({
      atMs: startMs + (i + 1) * hourMs,
      verdicts: [judged(vendor, drift(startMs, { pause }), startMs + (i + 1) * hourMs)],
    }));
    const { told, incidents } = play(steps);
    expect(told).toEqual(["opened", "escalated"]);
    expect(incidents[0]?.severity).toBe("critical");
  });

  it("resolves when every signal has recovered, and not before", () => {
    const both = [
      judged(vendor, drift(startMs), startMs + hourMs),
      judged(category, drift(startMs), startMs + hourMs),
    ];
    const { told, incidents } = play([
      { atMs: startMs + hourMs, verdicts: both },
      { atMs: startMs + 2 * hourMs, verdicts: [judged(vendor, stable(), startMs + 2 * hourMs), both[1]!] },
      {
        atMs: startMs + 3 * hourMs,
        verdicts: [
          judged(vendor, stable(), startMs + 3 * hourMs),
          judged(category, stable(), startMs + 3 * hourMs),
        ],
      },
    ]);
    expect(told).toEqual(["opened", "recovered"]);
    expect(incidents[0]).toMatchObject({ state: "resolved", resolvedAtMs: startMs + 3 * hourMs });
  });

  const newKey = key("type", "input.supplier_name");
  const newKeys = [
    { why: "resolves though a new key stays", with: [vendor], states: ["resolved"] },
    { why: "stays open for a new key alone", with: [], states: ["open"] },
  ];
  it.each(newKeys)("$why", ({ with: others, states }) => {
    const at = (hour: number) => startMs + hour * hourMs;
    const both = (hour: number, verdict: SignalVerdict["verdict"]) => [
      judged(newKey, drift(startMs), at(hour)),
      ...others.map((signal) => judged(signal, verdict, at(hour))),
    ];
    const { incidents } = play([
      { atMs: at(1), verdicts: both(1, drift(startMs)) },
      { atMs: at(2), verdicts: both(2, stable()) },
      { atMs: at(3), verdicts: both(3, stable()) },
    ]);
    expect(incidents.map(({ state }) => state)).toEqual(states);
  });

  it("keeps an incident open when there is too little data to say more", () => {
    const { incidents } = play(
      [
        {
          atMs: startMs + 2 * hourMs,
          verdicts: [judged(vendor, { kind: "insufficient", runs: 2, runsMin: 20 }, startMs)],
        },
      ],
      [openVendor()],
    );
    expect(incidents[0]?.state).toBe("open");
  });

  it("reminds when nobody has answered for the interval, once an interval", () => {
    const drifting = (atMs: number) => ({ atMs, verdicts: [judged(vendor, drift(startMs), atMs)] });
    const { told } = play([1, 2, 4.9, 5, 5.1, 9].map((hour) => drifting(startMs + hour * hourMs)));
    expect(told).toEqual(["opened", "reminded", "reminded"]);
  });

  const soon = startMs + 2 * hourMs;
  const comebacks = [
    {
      why: "reopens the incident of a signal that recovered and came back soon",
      gapMs: hourMs,
      told: ["reopened"],
    },
    { why: "opens a new incident when it comes back after days", gapMs: 3 * dayMs, told: ["opened"] },
  ];
  it.each(comebacks)("$why", ({ gapMs, told }) => {
    const recovered = play(
      [{ atMs: soon, verdicts: [judged(vendor, stable(), soon)] }],
      [openVendor()],
    ).incidents;
    const backMs = soon + gapMs;
    const result = play(
      [{ atMs: backMs, verdicts: [judged(vendor, drift(backMs - 10 * minuteMs), backMs)] }],
      recovered,
    );
    expect(result.told).toEqual(told);
    expect(result.incidents.filter(({ onsetMs, openedAtMs }) => onsetMs > openedAtMs)).toEqual([]);
  });

  it("shows no onset after its alert when one signal joins, another recovers and comes back", () => {
    const at = (hours: number) => startMs + hours * hourMs;
    const late = at(0.5);
    const { incidents } = play([
      { atMs: at(0.25), verdicts: [judged(vendor, drift(startMs), at(0.25))] },
      { atMs: at(2), verdicts: [judged(category, drift(late), at(2))] },
      { atMs: at(3), verdicts: [judged(vendor, stable(), at(3))] },
      { atMs: at(4), verdicts: [judged(overrides, drift(late), at(4))] },
      { atMs: at(6), verdicts: [judged(vendor, drift(at(5)), at(6))] },
    ]);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.signals).toHaveLength(3);
    expect(incidents[0]).toMatchObject({ onsetMs: startMs, openedAtMs: at(0.25) });
    for (const { drift: found, detectedAtMs } of incidents[0]?.signals ?? [])
      expect(found.onset.atMs).toBeLessThan(detectedAtMs);
  });
});

describe("applyCommand()", () => {
  const nowMs = startMs + 2 * hourMs;
  const by = { actor: "ana", note: "looking" };

  function done(incident: Incident, command: Parameters<typeof applyCommand>[1]): Incident {
    const result = applyCommand(incident, command, nowMs);
    if (result.kind === "refused") throw new Error(result.reason);
    expect(result.event).toMatchObject({ actor: "ana", note: "looking", incident: result.incident });
    return result.incident;
  }

  it("acknowledge stops reminders", () => {
    const known = done(openVendor(), { kind: "acknowledge", ...by });
    expect(known).toMatchObject({ state: "acknowledged", stateActor: "ana" });
    const later = startMs + 10 * hourMs;
    expect(play([{ atMs: later, verdicts: [judged(vendor, drift(startMs), later)] }], [known]).told).toEqual(
      [],
    );
  });

  it("snooze is silent until its time, then wakes", () => {
    const untilMs = startMs + 8 * hourMs;
    const known = done(openVendor(), { kind: "snooze", untilMs, ...by });
    const drifting = (atMs: number) => ({ atMs, verdicts: [judged(vendor, drift(startMs), atMs)] });
    expect(play([drifting(untilMs - 1)], [known]).told).toEqual([]);
    const woken = play([drifting(untilMs)], [known]);
    expect(woken.told).toEqual(["woken"]);
    expect(woken.incidents[0]).toMatchObject({ state: "open", snoozedUntilMs: null });
  });

  it("resolve keeps a signal that drifts on from opening another incident, until it recovers and comes back", () => {
    const known = done(openVendor(), { kind: "resolve", ...by });
    const at = (hour: number) => startMs + hour * hourMs;
    const { told, incidents } = play(
      [
        { atMs: at(3), verdicts: [judged(vendor, drift(startMs), at(3))] },
        { atMs: at(4), verdicts: [judged(vendor, stable(), at(4))] },
        { atMs: at(5), verdicts: [judged(vendor, drift(at(4)), at(5))] },
      ],
      [known],
    );
    expect(told).toEqual(["reopened"]);
    expect(incidents).toHaveLength(1);
  });

  const refusals = [
    { why: "a resolved incident", command: "acknowledge" as const, state: "resolved" as const, untilMs: 0 },
    {
      why: "an acknowledged one again",
      command: "acknowledge" as const,
      state: "acknowledged" as const,
      untilMs: 0,
    },
    { why: "a snooze into the past", command: "snooze" as const, state: "open" as const, untilMs: nowMs },
  ];
  it.each(refusals)("refuses to $command $why", ({ command, state, untilMs }) => {
    const result = applyCommand({ ...openVendor(), state }, { kind: command, untilMs, ...by }, nowMs);
    expect(result.kind).toBe("refused");
  });
});

describe("freshDrifts()", () => {
  it("names drifts that no incident holds", () => {
    const verdicts = [judged(vendor, drift(startMs), startMs), judged(category, drift(startMs), startMs)];
    expect(freshDrifts({ known: [openVendor()], verdicts }).map((one) => one.signal)).toEqual([category]);
  });
});
