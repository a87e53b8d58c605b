import { context, createContextKey } from "@opentelemetry/api";
import { rejectedCount } from "./otlp/partial-success.ts";

/** Which OTLP service a request goes to. */
export type OtlpSignal = "traces" | "logs";

/** What became of one request. */
export type SendResult =
  | { kind: "accepted"; rejected: number }
  | { kind: "retry"; retryAfterMs: number | null }
  | { kind: "too_large" }
  | { kind: "refused"; status: number };

/** Sends one OTLP request. Never rejects. */
export type Send = (signal: OtlpSignal, body: Buffer) => Promise<SendResult>;

// The key of `suppressTracing` in @opentelemetry/core, so that a host that traces its HTTP calls does not
// trace these. `createContextKey` makes equal keys of equal names.
const suppressTracing = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

const retryableStatus: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const retryAfterMsMax = 60_000;

/** Sends over OTLP/HTTP with protobuf bodies. A request that takes longer than 10 s may be tried again. */
export function createSend(endpoint: string, headers: Record<string, string>, timeoutMs = 10_000): Send {
  return (signal, body) =>
    context.with(context.active().setValue(suppressTracing, true), async (): Promise<SendResult> => {
      try {
        const response = await fetch(`${endpoint}/v1/${signal}`, {
          method: "POST",
          headers: { ...headers, "content-type": "application/x-protobuf" },
          body,
          redirect: "manual",
          signal: AbortSignal.timeout(timeoutMs),
        });
        return readResult(response.status, response.headers, new Uint8Array(await response.arrayBuffer()));
      } catch {
        return { kind: "retry", retryAfterMs: null };
      }
    });
}

function readResult(status: number, headers: Headers, body: Uint8Array): SendResult {
  if (status >= 200 && status < 300) return { kind: "accepted", rejected: rejectedCount(body) };
  if (retryableStatus.has(status)) {
    return { kind: "retry", retryAfterMs: readRetryAfter(headers.get("retry-after")) };
  }
  return status === 413 ? { kind: "too_large" } : { kind: "refused", status };
}

/** Seconds or an HTTP date, in milliseconds from now. */
function readRetryAfter(value: string | null): number | null {
  if (value === null) return null;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), retryAfterMsMax) : null;
}
