import { describe, expect, it } from "vitest";
import { analyseCause } from "../../../src/incidents/analyse-cause.ts";
import { noEvidence } from "../../../src/incidents/evidence.ts";
import { lastGoodBefore, versionStanding } from "../../../src/incidents/last-good.ts";
import { openIncident } from "../../../src/incidents/with-signal.ts";
import type { Incident } from "../../../src/model/incident.ts";
import { change, key, moved, startMs, sweep } from "./build.ts";

/** An incident that blames `versionAfter`. */
function blaming(versionBefore: string, versionAfter: string, more: Partial<Incident> = {}): Incident {
  const changes = [{ ...change("prompt", startMs), versionBefore, versionAfter }];
  const fresh = moved(key("null_rate", "output.vendor"), startMs);
  return { ...openIncident(fresh, sweep(startMs, { changes })), ...more };
}

describe("lastGoodBefore()", () => {
  const first = blaming("v1", "v2");
  const cases = [
    { why: "is the version before, if nobody blames it", known: [], before: "v2", good: "v2" },
    { why: "walks back past a version that is blamed as well", known: [first], before: "v2", good: "v1" },
    {
      why: "walks back past several",
      known: [
        first,
        { ...blaming("v2", "v3"), cause: { ...blaming("v2", "v3").cause, lastGoodVersion: "v2" } },
      ],
      before: "v3",
      good: "v1",
    },
    {
      why: "does not blame what a person closed",
      known: [{ ...first, state: "resolved" as const, stateActor: "ana" }],
      before: "v2",
      good: "v2",
    },
    {
      why: "blames what came right by itself, as after a rollback",
      known: [{ ...first, state: "resolved" as const, stateActor: "evenkeel" }],
      before: "v2",
      good: "v1",
    },
    {
      why: "finds none where versions blame each other",
      known: [first, blaming("v2", "v1")],
      before: "v2",
      good: "",
    },
  ];
  it.each(cases)("$why", ({ known, before, good }) => {
    expect(lastGoodBefore(before, known)).toBe(good);
  });
});

describe("analyseCause() and the way back", () => {
  const fresh = moved(key("null_rate", "output.vendor"), startMs);

  it("names no version as the way back from itself, where only the model behind it changed", () => {
    const resolved = { ...change("model_resolved", startMs), versionBefore: "v1", versionAfter: "v1" };
    const cause = analyseCause([fresh], [resolved], {
      ...noEvidence,
      versionBefore: "v1",
      versionAfter: "v1",
    });
    expect([cause.layer, cause.lastGoodVersion]).toEqual(["model", ""]);
    expect(cause.reasons.join(" ")).not.toContain("deploy it again");
  });

  it("says that no earlier version is known to be good", () => {
    const known = [blaming("v1", "v2"), blaming("v2", "v1")];
    const changes = [{ ...change("prompt", startMs), versionBefore: "v2", versionAfter: "v3" }];
    expect(analyseCause([fresh], changes, noEvidence, known).reasons).toContain(
      "No earlier version is known to be good.",
    );
  });
});

describe("versionStanding()", () => {
  const period = (version: string, firstMs: number, lastMs: number, runs = 100) => ({
    version,
    firstMs,
    lastMs,
    runs,
  });

  it("goes back to the version used latest that is not blamed and has shown itself", () => {
    const periods = [
      period("v1", 0, 10),
      period("v2", 10, 20),
      period("v3", 20, 30, 5),
      period("v4", 30, 40),
    ];
    const standing = versionStanding(periods, [blaming("v1", "v2", { incidentId: "inc_2" })]);
    expect([standing.current, standing.lastGood]).toEqual(["v4", "v1"]);
    expect([...standing.blamed]).toEqual([["v2", "inc_2"]]);
  });

  it("knows nothing of a workflow without versions", () => {
    expect(versionStanding([], [])).toMatchObject({ current: "", lastGood: "" });
  });
});
