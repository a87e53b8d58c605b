/** A word that agrees with a count: `plural(1, "run")` is `run`, `plural(2, "run")` is `runs`, `plural(2, "is", "are")` is `are`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}
