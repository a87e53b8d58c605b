import { Agent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as SecureAgent, request as requestHttps } from "node:https";
import { context, createContextKey } from "@opentelemetry/api";
import { inTime } from "./in-time.ts";
import { rejectedCount } from "./otlp/partial-success.ts";

/** Which OTLP service a request goes to. */
export type OtlpSignal = "traces" | "logs";

/** What became of one request. */
export type SendResult =
  | { kind: "accepted"; rejected: number }
  | { kind: "retry"; retryAfterMs: number | null }
  | { kind: "too_large" }
  | { kind: "refused"; status: number };

/** Sends one OTLP request, whose body is the given parts one after the other. Never rejects. */
export type Send = (signal: OtlpSignal, body: readonly Uint8Array[]) => Promise<SendResult>;

// The key of `suppressTracing` in @opentelemetry/core, so that a host that traces its HTTP calls does not
// trace these. `createContextKey` makes equal keys of equal names.
const suppressTracing = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

const retryableStatus: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const retryAfterMsMax = 60_000;
const responseBytesMax = 64 * 1024;

/**
 * Sends over OTLP/HTTP with protobuf bodies, on one kept connection. A request that is not answered within
 * `timeoutMs` may be tried again. An endpoint that is no URL refuses everything. (`fetch` would do; it takes three times the CPU.)
 */
export function createSend(endpoint: string, headers: Record<string, string>, timeoutMs = 10_000): Send {
  if (!URL.canParse(endpoint)) return () => Promise.resolve({ kind: "refused", status: 0 });
  const isSecure = endpoint.startsWith("https:");
  const agent = new (isSecure ? SecureAgent : Agent)({ keepAlive: true, maxSockets: 1 });
  const request = isSecure ? requestHttps : requestHttp;
  const retry: SendResult = { kind: "retry", retryAfterMs: null };

  function send(to: OtlpSignal, body: readonly Uint8Array[], signal: AbortSignal): Promise<SendResult> {
    return new Promise((resolve) => {
      const bytes = body.reduce((sum, part) => sum + part.length, 0);
      const call = request(`${endpoint}/v1/${to}`, {
        method: "POST",
        agent,
        headers: { ...headers, "content-type": "application/x-protobuf", "content-length": bytes },
        signal,
      });
      call.on("response", (response) => {
        readResult(response).then(resolve, () => resolve(retry));
      });
      call.on("error", () => resolve(retry));
      for (const part of body) call.write(part);
      call.end();
    });
  }

  return (to, body) =>
    context.with(context.active().setValue(suppressTracing, true), () =>
      inTime(timeoutMs, (signal) => send(to, body, signal)).catch(() => retry),
    );
}

async function readResult(response: IncomingMessage): Promise<SendResult> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= responseBytesMax) chunks.push(chunk);
  }
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    return { kind: "accepted", rejected: rejectedCount(Buffer.concat(chunks)) };
  }
  if (retryableStatus.has(status)) {
    return { kind: "retry", retryAfterMs: readRetryAfter(response.headers["retry-after"]) };
  }
  return status === 413 ? { kind: "too_large" } : { kind: "refused", status };
}

/** Seconds or an HTTP date, in milliseconds from now. */
function readRetryAfter(value: string | undefined): number | null {
  if (value === undefined) return null;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), retryAfterMsMax) : null;
}
