import type { ListedCounts, SignalBucket, SignalKey, SignalKind } from "./signal.ts";

/**
 * A bucket that was read as lists. Its `counts` are made from them each time that they are asked for: whoever goes
 * through all buckets of a minute takes `listed`.
 */
export class ListedBucket implements SignalBucket {
  readonly workflow: string;
  readonly kind: SignalKind;
  readonly field: string;
  readonly startMs: number;
  readonly listed: ListedCounts;

  constructor({ workflow, kind, field }: SignalKey, startMs: number, listed: ListedCounts) {
    this.workflow = workflow;
    this.kind = kind;
    this.field = field;
    this.startMs = startMs;
    this.listed = listed;
  }

  get counts(): Record<string, number> {
    const { words, wordCounts, numbers, numberCounts } = this.listed;
    // Bins are the users' words: an object without a prototype has no `__proto__` to trip over.
    const counts = Object.create(null) as Record<string, number>;
    const add = (bin: string, n: number): void => {
      counts[bin] = (counts[bin] ?? 0) + n;
    };
    for (const [at, word] of words.entries()) add(word, wordCounts[at] ?? 0);
    for (const [at, number] of numbers.entries()) add(`#${number}`, numberCounts[at] ?? 0);
    return counts;
  }
}
