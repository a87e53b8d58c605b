/** The log odds of a share. 0 gives minus infinity, 1 plus infinity. */
export function logit(share: number): number {
  return Math.log(share) - Math.log1p(-share);
}
