import { type Clock, systemClock } from "./clock.ts";

/** Settings of a client. Every one has a default. */
export interface ClientOptions {
  /**
   * Base URL of the sidecar. Default: `EVENKEEL_ENDPOINT`, then `OTEL_EXPORTER_OTLP_ENDPOINT`, then
   * `http://localhost:4318`.
   */
  endpoint?: string | undefined;
  /** Key with the `ingest` scope, where the sidecar asks for one. Default: `EVENKEEL_API_KEY`. */
  apiKey?: string | undefined;
  /** Revision of the code, part of the version of every run. Default: `EVENKEEL_CODE_REVISION`. */
  codeRevision?: string | undefined;
  /** Send runs as spans of the host's own OpenTelemetry tracer provider. Default: false. */
  joinHost?: boolean | undefined;
  /** Longest time a run waits for company before it is sent, in milliseconds. Default: 1000. */
  sendIntervalMs?: number | undefined;
  /** Memory that runs waiting to be sent may take, in bytes. Default: 64 MB. */
  queueBytesMax?: number | undefined;
  /** Runs and reviews that may wait to be sent. Default: 100,000. */
  queueItemsMax?: number | undefined;
  /** Times of runs and steps. Default: the wall clock. */
  clock?: Clock | undefined;
}

/** Options with every default filled in. */
export interface Settings {
  /** Without a slash at the end. */
  endpoint: string;
  apiKey: string;
  codeRevision: string;
  joinHost: boolean;
  sendIntervalMs: number;
  queueBytesMax: number;
  queueItemsMax: number;
  /** How runs count that `observe` says nothing of: `EVENKEEL_MODE`, else `live`. */
  mode: "live" | "shadow" | "canary";
  clock: Clock;
}

/** Fills in the defaults; an option wins over its environment variable. */
export function resolveSettings(options: ClientOptions, env: NodeJS.ProcessEnv): Settings {
  const endpoint = options.endpoint ?? given(env.EVENKEEL_ENDPOINT) ?? given(env.OTEL_EXPORTER_OTLP_ENDPOINT);
  return {
    endpoint: (endpoint ?? "http://localhost:4318").replace(/\/+$/, ""),
    apiKey: options.apiKey ?? env.EVENKEEL_API_KEY ?? "",
    codeRevision: options.codeRevision ?? env.EVENKEEL_CODE_REVISION ?? "",
    joinHost: options.joinHost ?? false,
    sendIntervalMs: options.sendIntervalMs ?? 1000,
    queueBytesMax: options.queueBytesMax ?? 64 * 1024 * 1024,
    queueItemsMax: options.queueItemsMax ?? 100_000,
    mode: env.EVENKEEL_MODE === "canary" || env.EVENKEEL_MODE === "shadow" ? env.EVENKEEL_MODE : "live",
    clock: options.clock ?? systemClock,
  };
}

/** OpenTelemetry counts an empty variable as unset. */
function given(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
