/** Sums of numbers that are given by their logarithms, side by side: each is e^top × sum, so that none overflows. */
export interface LogSums {
  top: Float64Array;
  sum: Float64Array;
}

/** Room for so many sums. Many additions to one cost half of what `logAdd` does: one exponential each. */
export function createLogSums(length: number): LogSums {
  return { top: new Float64Array(length), sum: new Float64Array(length) };
}

/** Sets the first sums to zero. */
export function clearLogSums({ top, sum }: LogSums, length: number): void {
  top.fill(-Infinity, 0, length);
  sum.fill(0, 0, length);
}

/** Adds e^log to one sum. */
export function addLog({ top, sum }: LogSums, at: number, log: number): void {
  const highest = top[at] ?? -Infinity;
  if (log > highest) {
    sum[at] = 1 + (sum[at] ?? 0) * Math.exp(highest - log);
    top[at] = log;
  } else if (log - highest > -37) {
    // Less than half a unit in the last place of 1 changes nothing; this covers minus infinity as well.
    sum[at] = (sum[at] ?? 0) + Math.exp(log - highest);
  }
}

/** The logarithm of one sum. */
export function logOf({ top, sum }: LogSums, at: number): number {
  return (top[at] ?? -Infinity) + Math.log(sum[at] ?? 0);
}

/** The logarithm of the first sums' weighted sum. @param logWeights Logarithms of the weights. */
export function mixLogSums({ top, sum }: LogSums, logWeights: Float64Array): number {
  let highest = -Infinity;
  for (let at = 0; at < logWeights.length; at++) {
    highest = Math.max(highest, (top[at] ?? 0) + (logWeights[at] ?? 0));
  }
  if (highest === -Infinity) return highest;
  let all = 0;
  for (let at = 0; at < logWeights.length; at++) {
    all += (sum[at] ?? 0) * Math.exp((top[at] ?? 0) + (logWeights[at] ?? 0) - highest);
  }
  return highest + Math.log(all);
}
