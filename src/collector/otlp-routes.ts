import type { Context } from "hono";
import { Hono } from "hono";
import { PermanentError, TransientError } from "../model/errors.ts";
import type { Accepted } from "./request.ts";
import { readBody } from "./body.ts";
import type { OtlpEncoding } from "./decode.ts";
import type { Ingest } from "./ingest.ts";
import { encodeExportAnswer, encodeStatus, otlpContentTypes, otlpEncoding, rpcCodes } from "./otlp-answer.ts";

/** Options of the collector's routes. */
export interface RoutesOptions {
  /** Largest body, also after decompression. OTLP recommends 20 MiB. */
  bodyBytesMax?: number;
  /** Told of faults that are not the caller's, so that they can be logged. */
  onError?: (error: unknown) => void;
}

type Export = (bytes: Uint8Array, encoding: OtlpEncoding) => Promise<Accepted>;

/** The routes of OTLP over HTTP, by its specification: `/v1/traces`, `/v1/logs`, `/v1/metrics`. */
export function otlpRoutes(ingest: Ingest, options: Required<RoutesOptions>): Hono {
  const routes = new Hono();
  const traces: Export = (bytes, encoding) => ingest.traces(bytes, encoding);
  const logs: Export = (bytes, encoding) => ingest.logs(bytes, encoding);
  routes.post("/v1/traces", (context) => takeExport(context, "rejectedSpans", traces, options));
  routes.post("/v1/logs", (context) => takeExport(context, "rejectedLogRecords", logs, options));
  routes.post("/v1/metrics", async (context) => {
    const encoding = otlpEncoding(context.req.header("content-type"));
    if (encoding === null) return wrongType(context);
    // Read to the end, so that a stock exporter can reuse its connection.
    const body = await readBody(context, options.bodyBytesMax);
    if (body.kind === "refused") return answerStatus(context, encoding, body.status, body.reason);
    return answer(context, encoding, 200, encodeExportAnswer(encoding, "rejectedSpans", 0, ""));
  });
  for (const path of ["/v1/traces", "/v1/logs", "/v1/metrics"]) {
    routes.all(path, (context) => context.text("Method not allowed", 405, { Allow: "POST" }));
  }
  return routes;
}

async function takeExport(
  context: Context,
  member: "rejectedSpans" | "rejectedLogRecords",
  take: Export,
  options: Required<RoutesOptions>,
): Promise<Response> {
  const encoding = otlpEncoding(context.req.header("content-type"));
  if (encoding === null) return wrongType(context);
  const body = await readBody(context, options.bodyBytesMax);
  if (body.kind === "refused") return answerStatus(context, encoding, body.status, body.reason);
  try {
    const accepted = await take(body.bytes, encoding);
    const { count, message } = describeRejects(accepted);
    return answer(context, encoding, 200, encodeExportAnswer(encoding, member, count, message));
  } catch (error) {
    if (error instanceof PermanentError) return answerStatus(context, encoding, 400, error.message);
    if (error instanceof TransientError) {
      context.header("Retry-After", retryAfter(error));
      return answerStatus(context, encoding, 503, error.message);
    }
    options.onError(error);
    return answerStatus(context, encoding, 500, "Cannot take the export: an internal error");
  }
}

/** Seconds for `Retry-After`. Stock clients give up after 10 s in all, so never more than 5. */
export function retryAfter(error: TransientError): string {
  return String(Math.min(5, Math.max(1, Math.ceil(error.retryAfterSeconds))));
}

function describeRejects({ rejected }: Accepted): { count: number; message: string } {
  const reasons = Object.entries(rejected);
  const count = reasons.reduce((sum, [, n]) => sum + n, 0);
  if (count === 0) return { count, message: "" };
  return { count, message: `Rejected: ${reasons.map(([reason, n]) => `${n} ${reason}`).join(", ")}` };
}

const rpcCodeOf = {
  400: rpcCodes.invalidArgument,
  413: rpcCodes.resourceExhausted,
  415: rpcCodes.invalidArgument,
  500: rpcCodes.internal,
  503: rpcCodes.unavailable,
} as const;

function answerStatus(
  context: Context,
  encoding: OtlpEncoding,
  status: keyof typeof rpcCodeOf,
  message: string,
) {
  return answer(context, encoding, status, encodeStatus(encoding, rpcCodeOf[status], message));
}

function answer(
  context: Context,
  encoding: OtlpEncoding,
  status: 200 | keyof typeof rpcCodeOf,
  body: Uint8Array | string,
) {
  const bytes = typeof body === "string" ? body : new Uint8Array(body);
  return context.body(bytes, status, { "Content-Type": otlpContentTypes[encoding] });
}

function wrongType(context: Context) {
  return context.text(
    "Cannot read the body: the content type must be application/x-protobuf or application/json",
    415,
  );
}
