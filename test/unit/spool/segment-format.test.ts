import { describe, expect, it } from "vitest";
import { createRecordEncoder, readSegment, segmentHeader } from "../../../src/collector/segment-format.ts";
import { encodeClaims } from "../../../src/collector/seen-ids.ts";
import { rollupRow, runRow } from "../../conformance/rows.ts";

const encodeRecord = createRecordEncoder();

function record(id: string, acceptedAtMs = 1000): Buffer {
  return encodeRecord(acceptedAtMs, encodeClaims([id]), {
    runs: [runRow({ run_id: id })],
    rollups: [rollupRow({ minute: 0 }), rollupRow({ minute: 60 })],
  });
}

function runIds(segment: Buffer): string[] {
  return readSegment(segment).records.flatMap((found) =>
    found.sections
      .filter((section) => section.table === "runs")
      .flatMap((section) => section.ndjson.toString().trim().split("\n"))
      .map((line) => (JSON.parse(line) as { run_id: string }).run_id),
  );
}

describe("readSegment()", () => {
  it("gives back what a record encoder was given", () => {
    const bytes = Buffer.concat([segmentHeader, record("a", 1000.5), record("b", 2000)]);
    const { records, damaged } = readSegment(bytes);
    expect(damaged).toEqual([]);
    expect(records.map((found) => found.acceptedAtMs)).toEqual([1000.5, 2000]);
    expect(records[0]?.claims).toEqual(encodeClaims(["a"]));
    expect(records[0]?.sections.map(({ table, rows }) => [table, rows])).toEqual([
      ["runs", 1],
      ["rollups", 2],
    ]);
    expect(JSON.parse(records[0]?.sections[0]?.ndjson.toString() ?? "")).toEqual(runRow({ run_id: "a" }));
  });

  const whole = Buffer.concat([segmentHeader, record("a"), record("b"), record("c")]);
  const recordBytes = record("a").length;

  it("leaves out a tail torn at any byte, and nothing before it", () => {
    const lastAt = whole.length - recordBytes;
    for (let cut = lastAt; cut < whole.length; cut++) {
      expect(runIds(whole.subarray(0, cut))).toEqual(["a", "b"]);
    }
  });

  it("loses no more than the record in which a byte is flipped", () => {
    for (let at = segmentHeader.length; at < whole.length; at += 3) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 0x41;
      const hit = Math.floor((at - segmentHeader.length) / recordBytes);
      expect(runIds(flipped)).toEqual(["a", "b", "c"].filter((_, i) => i !== hit));
      const { damaged } = readSegment(flipped);
      const from = segmentHeader.length + hit * recordBytes;
      expect(damaged).toEqual([{ from, to: from + recordBytes }]);
    }
  });

  it("finds the records of a file whose header is gone, and says so", () => {
    const headless = Buffer.concat([Buffer.alloc(segmentHeader.length), record("a")]);
    expect(runIds(headless)).toEqual(["a"]);
    expect(readSegment(headless).damaged).toEqual([{ from: 0, to: segmentHeader.length }]);
  });

  it("reads zeros, as a file system leaves them after a power loss, as damage", () => {
    const { records, damaged } = readSegment(Buffer.concat([whole, Buffer.alloc(4096)]));
    expect(records).toHaveLength(3);
    expect(damaged).toEqual([{ from: whole.length, to: whole.length + 4096 }]);
  });
});

describe("createRecordEncoder()", () => {
  const texts = [
    { why: "a lone high surrogate", text: "a\ud800b", kept: "a\ufffdb" },
    { why: "a lone low surrogate", text: "\udfff", kept: "\ufffd" },
    { why: "two lone surrogates in a row", text: "\ud800\ud800", kept: "\ufffd\ufffd" },
    { why: "a pair, which is an emoji", text: "\ud83d\ude00", kept: "\ud83d\ude00" },
    { why: "the text of an escape", text: "\\ud800", kept: "\\ud800" },
    { why: "a backslash before a lone surrogate", text: "\\\ud800", kept: "\\\ufffd" },
    {
      why: "a document in a document",
      text: JSON.stringify({ a: "\ud800" }),
      kept: JSON.stringify({ a: "\ud800" }),
    },
  ];
  it.each(texts)("keeps $why as valid text", ({ text, kept }) => {
    const bytes = encodeRecord(0, Buffer.alloc(0), {
      runs: [runRow({ run_id: text, attributes: { [text]: "key" }, inputs: text })],
    });
    const { records } = readSegment(Buffer.concat([segmentHeader, bytes]));
    const row = JSON.parse(records[0]?.sections[0]?.ndjson.toString() ?? "") as ReturnType<typeof runRow>;
    expect([row.run_id, row.inputs, Object.keys(row.attributes)]).toEqual([kept, kept, [kept]]);
  });

  it("encodes a record larger than its scratch buffer, and small ones after it", () => {
    const large = "ü".repeat(5_000_000);
    const bytes = [large, "small"].map((text, i) =>
      encodeRecord(i, encodeClaims([text]), { runs: [runRow({ run_id: text }), runRow({ run_id: text })] }),
    );
    const { records, damaged } = readSegment(Buffer.concat([segmentHeader, ...bytes]));
    expect(damaged).toEqual([]);
    expect(records.map((found) => found.sections[0]?.rows)).toEqual([2, 2]);
    const line = records[0]?.sections[0]?.ndjson.toString().split("\n")[1] ?? "";
    expect(JSON.parse(line)).toEqual(runRow({ run_id: large }));
  });

  it("writes NaN and the infinities as null", () => {
    const bytes = encodeRecord(0, Buffer.alloc(0), {
      runs: [runRow({ run_id: "x", confidence: NaN, cost_usd: Infinity })],
    });
    expect(bytes.toString("latin1")).toContain('"confidence":null');
    expect(bytes.toString("latin1")).toContain('"cost_usd":null');
  });
});
