/**
 * One monitored quantity, and the one shape in which it is counted.
 *
 * Whatever is watched is counted in *bins*: a rollup row says that in one minute, for one
 * (workflow, version, kind, field), `n` observations fell into `bin`. Everything downstream (charts,
 * baselines, detectors) reads counts by bin and nothing else. How a bin is spelled:
 *
 *   null_rate          value | null | empty | placeholder            (missing is derived, see below)
 *   type               string | number | boolean | object | array | null
 *   *_distribution     "=" + value for a category, "#" + number bin for a number,
 *                      "other" for a value past the cap, "empty" for null, empty or placeholder
 *   text_length        "#" + number bin of the length in characters
 *   latency            "#" + number bin of milliseconds; also approval_wait
 *   tokens, cost       "#" + number bin of tokens, of US dollars
 *   volume             run
 *   model              "=" + the model that answered (for change events; read only when asked for)
 *   any other kind     yes | no
 *   a delayed label    yes@<age of the run in days> | no@<age>, or "#" + number bin for a numeric outcome
 *
 * `missing` is not written by the collector: a child is missing wherever its parent was seen as an object
 * and the child was not seen at all, so it follows from the counts of the two (`deriveMissing`).
 */
export const signalKinds = {
  null_rate: "rate",
  type: "category",
  input_distribution: "mixed",
  output_distribution: "mixed",
  text_length: "number",
  allowed_values: "rate",
  override_rate: "label",
  unusable_rate: "label",
  low_confidence: "rate",
  failure_tokens: "rate",
  errors: "rate",
  step_errors: "rate",
  retries: "rate",
  latency: "number",
  tokens: "number",
  cost: "number",
  volume: "volume",
  model: "category",
  duplicates: "rate",
  contract: "rate",
  approval_rate: "rate",
  approval_timeouts: "rate",
  approval_wait: "number",
  shadow_disagreement: "rate",
  canary_delta: "rate",
  outcome: "label",
} as const;

export type SignalKind = keyof typeof signalKinds;

/** Bins that count as the event of a rate. */
export const eventBins: ReadonlySet<string> = new Set(["yes", "null", "empty", "placeholder", "missing"]);

/** The same inputs of a workflow within this time are duplicates. */
export const duplicateWindowMs = 10 * 60_000;

/** Names one monitored quantity. `field` is "" for a quantity of the whole run. */
export interface SignalKey {
  workflow: string;
  kind: SignalKind;
  field: string;
}

/** Counts of one signal in one span of time, all versions together unless asked otherwise. */
export interface SignalBucket extends SignalKey {
  startMs: number;
  /** Observations by bin. */
  readonly counts: Record<string, number>;
  /** The same as lists, where they were read so. */
  readonly listed?: ListedCounts | undefined;
}

/**
 * Counts as lists, with number bins as numbers: 7 stands for "#7". A bin may be in them several times. In a busy minute
 * most bins are numbers that were seen once, and objects with these as names cost more than all that is judged by them.
 */
export interface ListedCounts {
  words: readonly string[];
  wordCounts: readonly number[];
  numbers: readonly number[];
  numberCounts: readonly number[];
}

/** Sums observations by raw bin over all buckets. The age of a delayed label stays in the bin. */
export function rawCounts(buckets: readonly Pick<SignalBucket, "counts">[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { counts } of buckets) {
    for (const bin in counts) sums.set(bin, (sums.get(bin) ?? 0) + (counts[bin] ?? 0));
  }
  return sums;
}

/** A signal's key as one string, for maps and ids. */
export function signalId(key: SignalKey): string {
  return `${key.workflow} ${key.kind} ${key.field}`;
}

const bits = new DataView(new ArrayBuffer(8));

/**
 * Bins a number on a logarithmic grid with 128 bins to the octave (relative width below 0.8 %): the top 19
 * bits of its IEEE 754 form (sign, exponent, seven bits of mantissa). No state, no edges to agree on.
 *
 * @returns "#" and the bin, or null for NaN and the infinities.
 */
export function numberBin(value: number): string | null {
  if (!Number.isFinite(value)) return null;
  bits.setFloat64(0, value === 0 ? 0 : value);
  return `#${bits.getUint32(0) >>> 13}`;
}

/** The middle of a number bin, in the unit of the number. Inverse of `numberBin` within 0.4 %. */
export function binValue(bin: string): number {
  return numberBinValue(Number(bin.slice(1)));
}

/** The same for a bin without its "#". */
export function numberBinValue(bin: number): number {
  const high = (bin << 13) >>> 0;
  if (high === 0) return 0;
  bits.setUint32(0, high + 0x1000);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/**
 * The paths that may be the object which holds a field, nearest first; none for the roots `input` and `output`.
 * There are several because a key may have dots in it (`input.Transaction No.`).
 */
export function parentFields(field: string): string[] {
  const parents: string[] = [];
  for (let dot = field.lastIndexOf("."); dot > 0; dot = field.lastIndexOf(".", dot - 1)) {
    parents.push(field.slice(0, dot));
  }
  return parents;
}

/**
 * Adds the `missing` bin to the null rates of one span of time.
 *
 * @param buckets every signal bucket of one workflow and one span of time.
 * @returns the same buckets, with null rates completed; a field seen before (`known`) but absent altogether
 *   from the span gets a bucket of its own.
 */
export function deriveMissing(buckets: SignalBucket[], known: Iterable<string> = []): SignalBucket[] {
  const objects = new Map<string, number>();
  const presence = new Map<string, SignalBucket>();
  for (const bucket of buckets) {
    if (bucket.kind === "type") objects.set(bucket.field, bucket.counts.object ?? 0);
    if (bucket.kind === "null_rate") presence.set(bucket.field, bucket);
  }
  const first = buckets[0];
  if (first === undefined) return [];
  const completed = buckets.filter((bucket) => bucket.kind !== "null_rate");
  for (const field of new Set([...presence.keys(), ...known])) {
    const parent = parentFields(field).find((path) => objects.has(path));
    const seen = presence.get(field)?.counts ?? {};
    const expected = parent === undefined ? 0 : (objects.get(parent) ?? 0);
    const missing = expected - total(seen);
    const counts = missing > 0 ? { ...seen, missing } : seen;
    if (total(counts) === 0) continue;
    completed.push({ workflow: first.workflow, kind: "null_rate", field, startMs: first.startMs, counts });
  }
  return completed;
}

/** The number of observations in a bucket's counts. */
export function total(counts: Record<string, number>): number {
  let sum = 0;
  for (const bin in counts) sum += counts[bin] ?? 0;
  return sum;
}
