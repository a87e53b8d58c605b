import { describe, expect, it } from "vitest";
import { createRequestHead, encodeSpan } from "../../src/otlp/encode.ts";
import { rejectedCount } from "../../src/otlp/partial-success.ts";
import { ProtoWriter } from "../../src/otlp/proto-writer.ts";
import type { AttributeValue, SpanRecord } from "../../src/record.ts";
import { decodeRequest, partialSuccess } from "../otlp-receiver.ts";

function spanWith(attributes: Record<string, AttributeValue>, times: Partial<SpanRecord> = {}): SpanRecord {
  return {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    parentSpanId: "",
    name: "w",
    startMs: 0,
    endMs: 0,
    constants: { attributes: new Map(), encoded: new Uint8Array() },
    attributes: new Map(Object.entries(attributes)),
    inputs: null,
    outputs: null,
    error: null,
    ...times,
  };
}

function roundTrip(...spans: SpanRecord[]) {
  const writer = new ProtoWriter(16);
  for (const span of spans) encodeSpan(writer, span);
  const head = createRequestHead(new Map([["service.name", "s"]]), "1")(writer.length);
  return decodeRequest("/v1/traces", Buffer.concat([head, writer.bytes()]));
}

describe("encodeSpan()", () => {
  const values: { why: string; value: AttributeValue; read?: AttributeValue }[] = [
    { why: "an empty text", value: "" },
    { why: "a text past one byte of length", value: "x".repeat(200) },
    { why: "a text past two bytes of length", value: "y".repeat(20_000) },
    { why: "a text past three bytes of length", value: "z".repeat(3_000_000) },
    { why: "short text that is not ASCII", value: "Grüße 😀" },
    { why: "long text that is not ASCII", value: "Grüße 😀".repeat(1000) },
    { why: "half of a surrogate pair, as a replacement", value: "a\ud83d", read: "a\ufffd" },
    { why: "zero", value: 0 },
    { why: "a large integer", value: 2 ** 53 - 1 },
    { why: "a negative integer", value: -1 },
    { why: "a large negative integer", value: -(2 ** 53) + 1 },
    { why: "an integer that int64 cannot promise to keep", value: 2 ** 60 },
    { why: "a fraction", value: 0.1 },
    { why: "true", value: true },
    { why: "false", value: false },
  ];
  it.each(values)("encodeSpan() writes $why", ({ value, read = value }) => {
    expect(roundTrip(spanWith({ value })).spans[0]?.attributes.value).toBe(read);
  });

  it("encodeSpan() writes times to the microsecond, and an end no earlier than the start", () => {
    const { spans } = roundTrip(
      spanWith({}, { startMs: 1_763_000_000_123.456, endMs: 1_763_000_000_124.25 }),
      spanWith({}, { startMs: 1_763_000_000_123, endMs: 1_763_000_000_000 }),
    );
    expect(spans.map(({ startNs, endNs }) => [startNs, endNs])).toEqual([
      [1_763_000_000_123_456_000n, 1_763_000_000_124_250_000n],
      [1_763_000_000_123_000_000n, 1_763_000_000_123_000_000n],
    ]);
  });

  it("createRequestHead() holds thousands of spans and their resource together", () => {
    const { spans, resource } = roundTrip(
      ...Array.from({ length: 3000 }, (_, index) => spanWith({ index, text: "x".repeat(index) })),
    );
    expect(spans.map(({ attributes }) => attributes.index)).toEqual([...spans.keys()]);
    expect(resource).toEqual({ "service.name": "s" });
  });
});

describe("rejectedCount()", () => {
  it("rejectedCount() reads the count of a partial success, and 0 of a full one", () => {
    expect(rejectedCount(partialSuccess(300))).toBe(300);
    expect(rejectedCount(new Uint8Array())).toBe(0);
  });

  it("rejectedCount() ends on any bytes", () => {
    let seed = 1;
    const next = (): number => (seed = (seed * 48_271) % 2_147_483_647);
    for (let round = 0; round < 5000; round += 1) {
      const bytes = Uint8Array.from({ length: next() % 40 }, () => next() % 256);
      expect(rejectedCount(bytes)).toBeGreaterThanOrEqual(0);
    }
  });
});
