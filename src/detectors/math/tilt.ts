/** Moves a share by `shift` on the scale of log odds: p e^t / (1 − p + p e^t). */
export function tilt(share: number, shift: number): number {
  const odds = share * Math.exp(shift);
  return odds / (1 - share + odds);
}
