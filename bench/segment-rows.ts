import { createFieldCatalogue } from "../src/collector/field-catalogue.ts";
import { createIngest, type Ingest } from "../src/collector/ingest.ts";
import { createRedactor } from "../src/collector/redact.ts";
import { createRollupSums } from "../src/collector/rollup-lines.ts";
import { createSeenIds } from "../src/collector/seen-ids.ts";
import { createRecordEncoder, readSegment, segmentHeader } from "../src/collector/segment-format.ts";
import type { Clock } from "../src/model/clock.ts";
import { type Table, tables } from "../src/model/rows.ts";

/** The rows of a segment, as the writer would send them. */
export type SegmentRows = { table: Table; rows: number; ndjson: Buffer }[];

/** The collector with a sink in memory: what it made of the requests since the last `take`. */
export function createRowMaker(clock: Clock): { ingest: Ingest; take(): SegmentRows } {
  const count = { inc: () => undefined };
  const encode = createRecordEncoder();
  let records: Buffer[] = [];
  const ingest = createIngest({
    sink: {
      append(batch) {
        records.push(encode(clock.nowMs(), Buffer.alloc(0), batch));
        return Promise.resolve();
      },
    },
    seen: createSeenIds(),
    findRun: () => Promise.resolve(null),
    catalogue: createFieldCatalogue(),
    redactor: createRedactor({ key: "bench" }),
    settings: () => ({ contract: {}, confidenceBelow: null }),
    clock,
    meters: {
      runs: count,
      reviews: count,
      runsReceived: count,
      runsRejected: count,
      runsDuplicate: count,
      dropped: count,
    },
  });
  return {
    ingest,
    take() {
      const { records: read } = readSegment(Buffer.concat([segmentHeader, ...records]));
      records = [];
      return tables.flatMap((table): SegmentRows => {
        const sections = read.flatMap(({ sections }) =>
          sections.filter((section) => section.table === table),
        );
        if (sections.length === 0) return [];
        const pieces = sections.map(({ ndjson }) => ndjson);
        if (table === "rollups") {
          const sums = createRollupSums();
          for (const piece of pieces) sums.add(piece);
          return [{ table, ...sums.take() }];
        }
        const rows = sections.reduce((sum, section) => sum + section.rows, 0);
        return [{ table, rows, ndjson: Buffer.concat(pieces) }];
      });
    },
  };
}
