/**
 * Kullback-Leibler divergence of one coin from another, in nats per toss.
 *
 * @param share The share that was seen, 0 to 1.
 * @param reference The share that it is compared with. Infinite when the reference rules out what was seen.
 */
export function binaryDivergence(share: number, reference: number): number {
  return term(share, reference) + term(1 - share, 1 - reference);
}

function term(p: number, q: number): number {
  return p === 0 ? 0 : p * Math.log(p / q);
}
