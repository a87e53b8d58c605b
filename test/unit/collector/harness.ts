import type { Clock } from "../../../src/model/clock.ts";
import type { RowBatch, RollupRow } from "../../../src/model/rows.ts";
import { createFieldCatalogue } from "../../../src/collector/field-catalogue.ts";
import { createIngest } from "../../../src/collector/ingest.ts";
import type { IngestDeps } from "../../../src/collector/ingest-deps.ts";
import { createRedactor } from "../../../src/collector/redact.ts";
import { createSeenIds } from "../../../src/collector/seen-ids.ts";

/** A counter that can be read. */
export class Counts {
  readonly byLabel = new Map<string, number>();

  inc(labels: Record<string, string>, value = 1) {
    const key = Object.values(labels).join(" ");
    this.byLabel.set(key, (this.byLabel.get(key) ?? 0) + value);
  }

  get(key = "") {
    return this.byLabel.get(key) ?? 0;
  }
}

/** A clock that a test sets. */
export class SettableClock implements Clock {
  constructor(public timeMs: number) {}

  nowMs() {
    return this.timeMs;
  }
}

/** An ingest over a sink in memory, with everything that a test may look at. */
export function createHarness(given: Partial<IngestDeps> = {}) {
  const batches: { batch: RowBatch; claims: string[] }[] = [];
  const clock = new SettableClock(Date.UTC(2026, 10, 20, 9, 0, 30));
  const meters = {
    runs: new Counts(),
    reviews: new Counts(),
    runsReceived: new Counts(),
    runsRejected: new Counts(),
    runsDuplicate: new Counts(),
    dropped: new Counts(),
  };
  const catalogue = createFieldCatalogue({ onDropped: (what) => meters.dropped.inc({ what }) });
  const ingest = createIngest({
    sink: {
      append: async (batch, claims) => void batches.push({ batch, claims: [...claims] }),
    },
    seen: createSeenIds(100_000),
    findRun: async () => null,
    catalogue,
    redactor: createRedactor({ key: "test" }),
    settings: () => ({ contract: {}, confidenceBelow: null }),
    clock,
    meters,
    ...given,
  });
  const rows = <T extends keyof RowBatch>(table: T): NonNullable<RowBatch[T]> =>
    batches.flatMap(({ batch }) => batch[table] ?? []) as never;
  /** Rollup counts by `kind field bin`. */
  const counts = (filter: (row: RollupRow) => boolean = () => true): Record<string, number> => {
    const sums: Record<string, number> = {};
    for (const { kind, field, bin, n } of rows("rollups").filter(filter)) {
      const key = `${kind} ${field} ${bin}`;
      sums[key] = (sums[key] ?? 0) + n;
    }
    return sums;
  };
  return { ingest, batches, rows, counts, clock, meters, catalogue };
}

/** JSON as a request body. */
export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

type Attribute = string | number | boolean;

/** A span in OTLP's JSON form. */
export function spanJson(
  traceId: string,
  spanId: string,
  attributes: Record<string, Attribute>,
  members: Record<string, unknown> = {},
) {
  return {
    traceId: traceId.padEnd(32, "0"),
    spanId: spanId.padEnd(16, "0"),
    name: "span",
    startTimeUnixNano: "1795164000000000000",
    endTimeUnixNano: "1795164000250000000",
    attributes: attributesJson(attributes),
    ...members,
  };
}

/** Attributes in OTLP's JSON form. */
export function attributesJson(attributes: Record<string, Attribute>) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === "string"
        ? { stringValue: value }
        : typeof value === "boolean"
          ? { boolValue: value }
          : { doubleValue: value },
  }));
}

/** An export of spans in OTLP's JSON form. */
export function tracesJson(
  spans: unknown[],
  resource: Record<string, Attribute> = { "service.name": "svc" },
) {
  return jsonBytes({
    resourceSpans: [{ resource: { attributes: attributesJson(resource) }, scopeSpans: [{ spans }] }],
  });
}

/** An export of log records in OTLP's JSON form. */
export function logsJson(
  records: {
    eventName: string;
    traceId?: string;
    spanId?: string;
    attributes: Record<string, Attribute>;
  }[],
) {
  const logRecords = records.map((record) => ({ ...record, attributes: attributesJson(record.attributes) }));
  return jsonBytes({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}
