/** The same input will fail again; the edge answers 4xx and nobody retries. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
  /** What the operator or caller can do about it, if anything. */
  readonly hint: string;

  constructor(message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, { cause: options.cause });
    this.hint = options.hint ?? "";
  }
}

/** The same input may pass later; the edge answers 429 or 503 with `Retry-After`. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  /** Seconds after which a retry is worth it. Stock OpenTelemetry clients give up after 10 s in all. */
  readonly retryAfterSeconds: number;

  constructor(message: string, options: { cause?: unknown; retryAfterSeconds?: number } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterSeconds = options.retryAfterSeconds ?? 2;
  }
}

/** What the operating system calls a fault (`ENOENT`), for messages: its own text may quote more than a path. */
export function faultCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown fault";
}
