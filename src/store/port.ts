import type { Forgetting } from "../model/forgetting.ts";
import type { Json } from "../model/json.ts";
import type { RunMode } from "../model/run.ts";
import type {
  DecisionRow,
  Ndjson,
  OutcomeRow,
  RejectRow,
  ReviewRow,
  RunRow,
  StepRow,
  Table,
  VersionRow,
} from "../model/rows.ts";
import type { Retention } from "./layout.ts";
import type { SignalBucket, SignalKey, SignalKind } from "../model/signal.ts";

/** A span of time: `fromMs` inclusive, `toMs` exclusive, milliseconds since the epoch. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** Which rollups to read, and how coarse. */
export interface BucketQuery extends Span {
  /** One workflow, or all. */
  workflow?: string;
  /** Without, every kind that the detectors judge: all but `model` and `canary_delta`. */
  kinds?: readonly SignalKind[];
  field?: string;
  version?: string;
  /** Width of a bucket; a whole number of minutes. */
  stepMs: number;
  /**
   * Fields seen before, by workflow. One that is wholly absent from a bucket while its parent was there is
   * answered as a bucket that is all `missing`; without this, only fields seen in the bucket are. A workflow
   * without any rows in a bucket has no buckets there either way.
   */
  known?: ReadonlyMap<string, Iterable<string>>;
}

/** Everything about one run, in the order it happened. */
export interface Receipt {
  run: RunRow;
  version: VersionRow | null;
  steps: StepRow[];
  reviews: ReviewRow[];
  outcomes: OutcomeRow[];
  decisions: DecisionRow[];
}

/** Filters of a run search; all must hold. */
export interface RunQuery extends Partial<Span> {
  workflow?: string;
  status?: string;
  version?: string;
  /** Text found anywhere in inputs, outputs or error. */
  q?: string;
  /** A field path (`output.category`), with `value` for an exact match, without for "has this field". */
  field?: string;
  value?: string;
  /** Opaque, from the page before. */
  cursor?: string;
  limit?: number;
}

/** Which runs show a signal's bins. */
export interface ExampleQuery extends Span {
  signal: SignalKey;
  /** The bin to show (`empty`, `=travel`), or "" for any run with the field. */
  bin: string;
  /** What a workflow's confidence must not lie below; without it, no run shows a low one. */
  confidenceBelow?: number | null | undefined;
  limit: number;
}

/** Counts of runs with and without a property, by the value of one low-cardinality attribute. */
export interface SliceCount {
  /** `version`, `model`, `source`, or `attributes.<name>`. */
  attribute: string;
  value: string;
  runs: number;
  hits: number;
}

/** Whose data is to be forgotten. */
export interface ForgetQuery {
  /** One workflow, or all. */
  workflow?: string | undefined;
  /**
   * A path below inputs or outputs (`input.customer.email`), `attributes.<name>`, `session_id` or `key`: runs in which it
   * is the value. Without, runs that hold the value anywhere.
   */
  field?: string | undefined;
  /** Counts, and changes nothing. */
  isTrial: boolean;
  /** Asked with what was found to be deleted, before anything changes; where it says no, nothing does. */
  mayDelete?: (found: { runs: number; rejects: number }) => boolean;
  /** Tells this order from others. */
  token: string;
}

/** What was forgotten in the store. */
export interface Forgotten {
  runIds: string[];
  rejects: number;
  /** Rollup rows whose bin was renamed. */
  counts: number;
  /** Reviews and versions whose text was rewritten. */
  rewritten: number;
}

/** A deletion that the engine has not finished. */
export interface Deletion {
  table: string;
  /** How long it has been under way. */
  ageMs: number;
  /** The number of ClickHouse's fault where it has failed and is tried again, "" where it has not. */
  faultCode: string;
}

/** A reference to a stored run, enough to join a review or outcome to it. */
export interface RunRef {
  runId: string;
  workflow: string;
  version: string;
  mode: RunMode;
  receivedAtMs: number;
}

/** Reads that the product needs to go on, and people ask for too. */
export interface SharedReads {
  /** Signal buckets, oldest first, `missing` derived (see `model/signal.ts`). Reads rollups only. */
  readBuckets(query: BucketQuery): Promise<SignalBucket[]>;
  /** The versions counted in a span, with their first minute and number of runs, oldest first. */
  readVersions(
    query: Span & { workflow?: string },
  ): Promise<{ workflow: string; version: string; firstMs: number; lastMs: number; runs: number }[]>;
  /** Workflows ever seen in the rollups, with their last minute. */
  readWorkflows(): Promise<{ workflow: string; lastMs: number; runs: number }[]>;
  findRun(runId: string): Promise<RunRef | null>;
  version(workflow: string, version: string): Promise<VersionRow | null>;
}

/**
 * The one door to ClickHouse. `openChdbStore` runs it on the embedded engine, `openServerStore` on a server;
 * both pass the suite in `test/conformance/store.ts`.
 *
 * Every method throws `TransientError` when the engine cannot be reached or is out of room, and
 * `PermanentError` when it understood the statement and refused it.
 */
export interface Store extends SharedReads {
  /** Brings the tables up to date. Safe to call at every start. */
  migrate(): Promise<void>;
  /** Deletes a person's runs, and the person's value from everything else. */
  forget(query: ForgetQuery, forgetting: Forgetting): Promise<Forgotten>;
  /**
   * Brings the tables to a retention, and deletes what has outlived it. Call it now and then. Answers the oldest deletion that
   * is under way, null if there is none: nothing more of its table is deleted before it has ended.
   */
  retain(retention: Retention): Promise<Deletion | null>;
  ping(): Promise<boolean>;
  /**
   * Inserts newline-delimited JSON rows exactly once: a second call with the same token changes nothing,
   * also after a crash between the two. The rows must be the same, in the same order.
   */
  insert(table: Table, ndjson: Ndjson, token: string): Promise<void>;

  /**
   * The same reads for people: `page` for what a page draws, `report` for what may take long. They wait among each other
   * and hold up nothing that the product needs. Where too many wait, one more is a `TransientError`.
   */
  reads(lane: "page" | "report"): SharedReads;
  /**
   * Every signal bucket of some minutes by workflow, oldest first, `missing` derived: what `readBuckets` answers to a step
   * of a minute, also of `model` and `canary_delta`, in half the time.
   */
  readMinutes(query: Pick<BucketQuery, "fromMs" | "toMs" | "known">): Promise<Map<string, SignalBucket[]>>;
  /** The newest run of a workflow under a business key. */
  findRunByKey(workflow: string, businessKey: string): Promise<RunRef | null>;
  /** JSON text of a run's outputs. Waits for no report, as `receipt` does. */
  findOutputs(runId: string): Promise<string | null>;
  receipt(runId: string): Promise<Receipt | null>;
  searchRuns(query: RunQuery): Promise<{ runs: RunRow[]; cursor: string | null }>;
  /** Newest first. Looks at no more than a bounded number of runs in the span. */
  exampleRuns(query: ExampleQuery): Promise<RunRow[]>;
  /** Runs and hits by every low-cardinality attribute. Bounded scan of at most 50,000 runs of the span. */
  sliceCounts(query: Omit<ExampleQuery, "limit">): Promise<SliceCount[]>;
  /** The latest rejects, newest first. */
  rejects(limit: number): Promise<RejectRow[]>;
  /** Rows of any statement of the store's own making, for pages and reports. Parameters are bound. */
  query<T>(sql: string, params?: Record<string, Json>): Promise<T[]>;
  /** The same for what the product looks up by itself, which no report may hold up. */
  gather<T>(sql: string, params?: Record<string, Json>): Promise<T[]>;

  /** Notes that everything which a collector accepted before a time is in the store. The id is hexadecimal. */
  reportDrained(collectorId: string, throughMs: number): Promise<void>;
  /** The earliest of what the collectors heard of lately have reported; null where there is none. */
  collectorsDrainedThroughMs(): Promise<number | null>;

  close(): Promise<void>;
}
