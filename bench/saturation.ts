/** What the sidecar does with so many connections, each of which waits for its answer before it sends again. */
export interface CurvePoint {
  connections: number;
  runsPerSecond: number;
  latencyMsP99: number;
}

/** Connections that are tried, one after another in one life of the sidecar. */
export const curveConnections = [1, 2, 4, 8, 16, 32];

const shareOfBest = 0.95;

/**
 * The point of saturation: the fewest connections that reach 95 % of the best rate. From there on more of them raise the
 * time that each waits, and little else (Little's law).
 *
 * @param curve By number of connections, fewest first; at least one.
 */
export function saturationOf(curve: readonly CurvePoint[]): CurvePoint {
  const best = Math.max(...curve.map(({ runsPerSecond }) => runsPerSecond));
  const found = curve.find(({ runsPerSecond }) => runsPerSecond >= shareOfBest * best);
  if (found === undefined)
    throw new Error("Cannot tell where the sidecar is saturated: nothing was measured");
  return found;
}
