/** A counter as the rooms see it; `src/metrics.ts` implements it with prom-client. */
export interface CounterLike<L extends string = never> {
  inc(labels: Record<L, string>, value?: number): void;
}

/** A gauge as the rooms see it. */
export interface GaugeLike<L extends string = never> {
  set(labels: Record<L, string>, value: number): void;
  remove(labels: Record<L, string>): void;
}

/** A histogram as the rooms see it. */
export interface HistogramLike<L extends string = never> {
  /** `value` in the unit that the metric's name ends in. */
  observe(labels: Record<L, string>, value: number): void;
}
