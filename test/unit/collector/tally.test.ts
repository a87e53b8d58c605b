import { describe, expect, it } from "vitest";
import { createTally } from "../../../src/collector/tally.ts";

const minuteMs = 60_000;

describe("createTally()", () => {
  it("gives each row once, with what was counted since the last time", () => {
    const tally = createTally();
    const scope = tally.scope("triage", "v1", 3 * minuteMs + 7);
    scope.count("volume", "", "run");
    scope.count("volume", "", "run");
    const row = { minute: 180, workflow: "triage", version: "v1", kind: "volume", field: "", bin: "run" };
    const first = tally.rows();
    tally.scope("triage", "v1", 3 * minuteMs).count("volume", "", "run");
    expect(tally.rows()).toMatchObject([{ ...row, n: 1 }]);
    expect(first).toMatchObject([{ ...row, n: 2 }]);
    expect(tally.rows()).toEqual([]);
  });

  it("keeps minutes, workflows and versions apart", () => {
    const tally = createTally();
    for (const [workflow, version, atMs] of [
      ["a", "1", 0],
      ["a", "2", 0],
      ["b", "1", 0],
      ["a", "1", minuteMs],
    ] as const) {
      tally.scope(workflow, version, atMs).count("volume", "", "run");
    }
    expect(tally.rows()).toHaveLength(4);
  });

  it("counts on when it has forgotten old rows", () => {
    const tally = createTally();
    for (let round = 0; round < 2; round += 1) {
      for (let bin = 0; bin < 25_000; bin += 1) tally.scope("a", "1", 0).count("latency", "", `#${bin}`);
      const rows = tally.rows();
      expect([rows.length, new Set(rows.map(({ n }) => n))]).toEqual([25_000, new Set([1])]);
    }
  });
});
