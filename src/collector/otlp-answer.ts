import protobuf from "protobufjs/minimal.js";
import type { OtlpEncoding } from "./decode.ts";

/** Content types of OTLP over HTTP; an answer has the type of its request. */
export const otlpContentTypes: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/** `google.rpc.Code` of what can go wrong. */
export const rpcCodes = {
  invalidArgument: 3,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

/** The encoding of a request by its content type, or null where it is neither. */
export function otlpEncoding(contentType: string | undefined): OtlpEncoding | null {
  const type = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/x-protobuf" || type === "application/protobuf") return "protobuf";
  return type === "application/json" ? "json" : null;
}

/**
 * Encodes an `Export<Signal>ServiceResponse`.
 *
 * @param member the name that OTLP gives the count in JSON: `rejectedSpans` or `rejectedLogRecords`.
 */
export function encodeExportAnswer(
  encoding: OtlpEncoding,
  member: "rejectedSpans" | "rejectedLogRecords",
  rejected: number,
  message: string,
): Uint8Array | string {
  const isPartial = rejected > 0 || message !== "";
  if (encoding === "json") {
    return JSON.stringify(
      isPartial ? { partialSuccess: { [member]: String(rejected), errorMessage: message } } : {},
    );
  }
  // Text, since node sends it in one piece with the headers.
  if (!isPartial) return "";
  return protobuf.Writer.create()
    .uint32(0x0a)
    .fork()
    .uint32(0x08)
    .int64(rejected)
    .uint32(0x12)
    .string(message)
    .ldelim()
    .finish();
}

/** Encodes a `google.rpc.Status`. */
export function encodeStatus(encoding: OtlpEncoding, code: number, message: string): Uint8Array | string {
  if (encoding === "json") return JSON.stringify({ code, message });
  return protobuf.Writer.create().uint32(0x08).int32(code).uint32(0x12).string(message).finish();
}
