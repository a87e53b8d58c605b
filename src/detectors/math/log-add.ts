/** Adds two numbers given by their logarithms: ln(e^a + e^b). Minus infinity stands for zero. */
export function logAdd(a: number, b: number): number {
  if (a < b) return logAdd(b, a);
  // Less than half a unit in the last place of 1 changes nothing; this covers minus infinity as well.
  if (b - a < -37 || b === -Infinity) return a;
  return a + Math.log1p(Math.exp(b - a));
}
