const sliceMs = 2;

/** Does work later, in the order it came, in slices of two milliseconds between the host's own events. */
export class SliceQueue<T> {
  #waiting: T[] = [];
  #head = 0;
  #scheduled = false;
  readonly #work: (item: T) => void;
  readonly #onSliceEnd: () => void;

  /** @param work Must not throw. */
  constructor(work: (item: T) => void, onSliceEnd: () => void) {
    this.#work = work;
    this.#onSliceEnd = onSliceEnd;
  }

  /** Costs no more than a push. */
  push(item: T): void {
    this.#waiting.push(item);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Not unref'd: an idle host would sleep on with the run half captured.
    setImmediate(() => this.#runSlice());
  }

  #runSlice(): void {
    this.#scheduled = false;
    const endMs = performance.now() + sliceMs;
    while (this.#head < this.#waiting.length && performance.now() < endMs) {
      this.#work(this.#waiting[this.#head++] as T);
    }
    if (this.#head < this.#waiting.length) {
      this.#schedule();
    } else {
      this.#waiting = [];
      this.#head = 0;
    }
    this.#onSliceEnd();
  }
}
