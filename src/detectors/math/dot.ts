/** Sum of products of two lists of *k* numbers. */
export function dot(a: readonly number[], b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] ?? 0) * (b[k] ?? 0);
  return sum;
}
