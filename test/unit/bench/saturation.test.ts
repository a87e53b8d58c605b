import { describe, expect, it } from "vitest";
import { curveConnections, saturationOf } from "../../../bench/saturation.ts";

describe("saturationOf()", () => {
  it.each([
    { why: "more connections bring no more", rates: [4, 8, 9.6, 10, 9, 9.9], connections: 4 },
    { why: "the first is enough", rates: [10, 10.5, 9, 9, 9, 9], connections: 1 },
    { why: "the last brings more than all others", rates: [1, 2, 3, 4, 5, 6], connections: 32 },
  ])("answers the fewest connections that come near the best rate where $why", ({ rates, connections }) => {
    const curve = rates.map((runsPerSecond, i) => ({
      connections: curveConnections[i] ?? 0,
      runsPerSecond,
      latencyMsP99: 0,
    }));
    expect(saturationOf(curve).connections).toBe(connections);
  });
});
