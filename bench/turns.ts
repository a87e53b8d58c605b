import { type Ingested, type Measured, measureIngest } from "./measured-sidecar.ts";

/** A result of each of two sidecars, taken within the same seconds. */
export type Pair = [before: Ingested, after: Ingested];

const turnSeconds = 3;

/** Loads two sidecars in turns of a few seconds, each pair begun by the other one than the last. */
export async function takeTurns(
  before: Measured,
  after: Measured,
  minutes: number,
  beside: (sidecar: Measured) => () => Promise<void> = () => () => Promise.resolve(),
): Promise<Pair[]> {
  async function takeTurn(sidecar: Measured, warmSeconds = 0): Promise<Ingested> {
    const end = beside(sidecar);
    const result = await measureIngest(sidecar, { seconds: turnSeconds }, warmSeconds);
    await end();
    return result;
  }

  for (const sidecar of [before, after]) await takeTurn(sidecar, turnSeconds);
  const pairs: Pair[] = [];
  const endMs = performance.now() + minutes * 60_000;
  while (performance.now() < endMs) {
    if (pairs.length % 2 === 0) pairs.push([await takeTurn(before), await takeTurn(after)]);
    else {
      const first = await takeTurn(after);
      pairs.push([await takeTurn(before), first]);
    }
  }
  return pairs;
}

/** The geometric mean of the ratios of a figure, after to before, and where 95 % of such means lie. */
export function ratioOf(pairs: readonly Pair[], figure: (result: Ingested) => number) {
  const logs = pairs.map(([before, after]) => Math.log(figure(after) / figure(before)));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const margin = 1.96 * Math.sqrt(variance / logs.length);
  return { ratio: Math.exp(mean), from: Math.exp(mean - margin), to: Math.exp(mean + margin) };
}

/** Runs acknowledged a second. */
export const acknowledgedPerSecond = ({ runsAcknowledged, seconds }: Ingested) => runsAcknowledged / seconds;
