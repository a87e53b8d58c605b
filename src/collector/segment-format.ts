/**
 * Segment file, format 1. All numbers are little-endian.
 *
 *   file    0  4  magic "EVKS"
 *           4  4  u32 format, 1
 *           8  …  records
 *
 *   record  0  4  magic "EVKR", by which a reader finds the next good record behind damage
 *           4  4  u32 length of the body
 *           8  4  u32 CRC-32 of the body
 *          12  …  body
 *
 *   body    0  8  f64 time of acceptance, milliseconds since the epoch
 *           8  4  u32 number of claims
 *          12  …  claims, 8 bytes each (see `seen-ids.ts`)
 *           …  …  sections, to the end of the body
 *
 *   section 0  1  u8 number of the table
 *           1  4  u32 rows
 *           5  4  u32 length of the rows
 *           9  …  rows, newline-delimited JSON; of rollups, the lines of `rollup-lines.ts`
 *
 * A record holds one accepted request. Records are only ever appended, and a file that was sealed never changes,
 * so that its rows are the same, in the same order, at every reading.
 */
import { crc32 } from "node:zlib";
import {
  type RollupRow,
  type RowBatch,
  type RunRow,
  type StepRow,
  type Table,
  tables,
} from "../model/rows.ts";
import { encodeRollups } from "./rollup-lines.ts";
import { encodeContentRow, encodeRow } from "./row-json.ts";

export const segmentHeader = Buffer.from("EVKS\x01\0\0\0", "latin1");

const recordMagic = Buffer.from("EVKR", "latin1");
const recordHeaderBytes = 12;
const bodyHeaderBytes = 12;
const sectionHeaderBytes = 9;
export const claimBytes = 8;

const tableNumbers: Record<Table, number> = {
  runs: 1,
  steps: 2,
  reviews: 3,
  outcomes: 4,
  versions: 5,
  rejects: 6,
  rollups: 7,
  decisions: 8,
};
const tableByNumber = new Map(tables.map((table) => [tableNumbers[table], table]));

/** Rows of one table: whole lines, of JSON but for rollups that are in a segment. */
export interface TableRows {
  table: Table;
  rows: number;
  ndjson: Buffer;
}

/** What one request left in a segment. The buffers are views of the segment. */
export interface SegmentRecord {
  acceptedAtMs: number;
  claims: Buffer;
  sections: TableRows[];
}

/** A span of a segment in which no good record begins. */
export interface DamagedSpan {
  from: number;
  to: number;
}

/** Encodes accepted requests, one after another. */
export type RecordEncoder = (acceptedAtMs: number, claims: Buffer, batch: RowBatch) => Buffer;

const scratchBytesMin = 1024 * 1024;
/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const bytesPerUnitMax = 3;

/** Creates an encoder. It writes each row once, into a scratch buffer that it keeps, and copies the record out. */
export function createRecordEncoder(): RecordEncoder {
  let scratch = Buffer.allocUnsafe(scratchBytesMin);

  function reserve(at: number, bytes: number): void {
    if (at + bytes <= scratch.length) return;
    const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, at + bytes));
    scratch.copy(larger, 0, 0, at);
    scratch = larger;
  }

  function put(text: string, at: number): number {
    reserve(at, text.length * bytesPerUnitMax);
    return at + scratch.write(text, at);
  }

  /** In pieces: joined first, contents would be copied once more, and leave as much to collect. */
  function putContent(row: RunRow | StepRow, from: number): number {
    const { head, inputs, outputs } = encodeContentRow(row);
    let at = put(head, from);
    at = put(inputs, put(',"inputs":"', at));
    at = put(outputs, put('","outputs":"', at));
    return put('"}\n', at);
  }

  function writeSection(table: Table, rows: readonly object[], from: number): number {
    let at = from + sectionHeaderBytes;
    reserve(from, sectionHeaderBytes);
    const hasContent = table === "runs" || table === "steps";
    if (table === "rollups") at = put(encodeRollups(rows as readonly RollupRow[]), at);
    else
      for (const row of rows)
        at = hasContent ? putContent(row as RunRow | StepRow, at) : put(encodeRow(row), at);
    scratch.writeUInt8(tableNumbers[table], from);
    scratch.writeUInt32LE(rows.length, from + 1);
    scratch.writeUInt32LE(at - from - sectionHeaderBytes, from + 5);
    return at;
  }

  return (acceptedAtMs, claims, batch) => {
    let at = recordHeaderBytes + bodyHeaderBytes;
    reserve(0, at + claims.length);
    scratch.writeDoubleLE(acceptedAtMs, recordHeaderBytes);
    scratch.writeUInt32LE(claims.length / claimBytes, recordHeaderBytes + 8);
    at += claims.copy(scratch, at);
    for (const table of tables) {
      const rows = batch[table] ?? [];
      if (rows.length > 0) at = writeSection(table, rows, at);
    }
    recordMagic.copy(scratch);
    scratch.writeUInt32LE(at - recordHeaderBytes, 4);
    scratch.writeUInt32LE(crc32(scratch.subarray(recordHeaderBytes, at)), 8);
    const record = Buffer.from(scratch.subarray(0, at));
    // One huge request must not keep its memory for ever.
    if (scratch.length > scratchBytesMin * 4) scratch = Buffer.allocUnsafe(scratchBytesMin);
    return record;
  };
}

/**
 * Reads every good record of a segment, and says where there is none. Never fails: a torn tail or flipped bits
 * cost the records that they touch.
 */
export function readSegment(bytes: Buffer): { records: SegmentRecord[]; damaged: DamagedSpan[] } {
  const records: SegmentRecord[] = [];
  const damaged: DamagedSpan[] = [];
  for (const found of readRecords(bytes)) {
    if ("sections" in found) records.push(found);
    else damaged.push(found);
  }
  return { records, damaged };
}

/** The same one by one, for a reader that has other things to do in between. */
export function* readRecords(bytes: Buffer): Generator<SegmentRecord | DamagedSpan> {
  const hasHeader = bytes.subarray(0, segmentHeader.length).equals(segmentHeader);
  let at = hasHeader ? segmentHeader.length : 0;
  while (at < bytes.length) {
    const next = decodeRecord(bytes, at);
    const from = at;
    at = next?.end ?? findRecord(bytes, at + 1);
    yield next?.record ?? { from, to: at };
  }
}

/** The offset of the next good record, or the end. */
function findRecord(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(recordMagic, from);
  while (at !== -1 && decodeRecord(bytes, at) === null) at = bytes.indexOf(recordMagic, at + 1);
  return at === -1 ? bytes.length : at;
}

function decodeRecord(bytes: Buffer, at: number): { record: SegmentRecord; end: number } | null {
  const bodyAt = at + recordHeaderBytes;
  if (bodyAt > bytes.length || bytes.compare(recordMagic, 0, 4, at, at + 4) !== 0) return null;
  const end = bodyAt + bytes.readUInt32LE(at + 4);
  if (end > bytes.length) return null;
  const body = bytes.subarray(bodyAt, end);
  if (crc32(body) !== bytes.readUInt32LE(at + 8)) return null;
  const record = decodeBody(body);
  return record === null ? null : { record, end };
}

/** Null for a body whose parts do not add up: written by another format, since its checksum was right. */
function decodeBody(body: Buffer): SegmentRecord | null {
  if (body.length < bodyHeaderBytes) return null;
  let at = bodyHeaderBytes + body.readUInt32LE(8) * claimBytes;
  const claims = body.subarray(bodyHeaderBytes, at);
  const sections: TableRows[] = [];
  while (at + sectionHeaderBytes <= body.length) {
    const table = tableByNumber.get(body.readUInt8(at));
    const rowsAt = at + sectionHeaderBytes;
    const end = rowsAt + body.readUInt32LE(at + 5);
    if (table === undefined || end > body.length) return null;
    sections.push({ table, rows: body.readUInt32LE(at + 1), ndjson: body.subarray(rowsAt, end) });
    at = end;
  }
  return at === body.length ? { acceptedAtMs: body.readDoubleLE(0), claims, sections } : null;
}
