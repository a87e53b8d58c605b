/** Adds two numbers given by their logarithms: ln(e^a + e^b). Minus infinity stands for zero. */
export function logAdd(a: number, b: number): number {
  if (a < b) return logAdd(b, a);
  if (b === -Infinity) return a;
  return a + Math.log1p(Math.exp(b - a));
}
