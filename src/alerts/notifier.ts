import { PermanentError } from "../model/errors.ts";
import type { Delivery } from "../journal/port.ts";
import type { HttpAnswer } from "./call.ts";

/** What became of one attempt. */
export type Attempt =
  | { kind: "delivered" }
  /** To be tried again, after `retryAfterSeconds` at the earliest. */
  | { kind: "failed"; error: string; retryAfterSeconds: number }
  /** Never to be tried again by itself. */
  | { kind: "dead"; error: string };

/** Brings messages of one channel to where they are read. One implementation per channel. */
export interface Notifier {
  /** Does not throw on what a server answers; throws `TransientError` or `PermanentError` when there was no answer. */
  deliver(message: Delivery): Promise<Attempt>;
}

/** Longer than this, and a server that asks for too much would silence its channel. */
const retryAfterSecondsMax = 300;

/** Seconds that a server asks to wait, at most five minutes; 0 if it does not say. Dates are not honoured, only seconds. */
export function retryAfterSeconds(answer: HttpAnswer): number {
  const seconds = Number(answer.headers["retry-after"] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, retryAfterSecondsMax) : 0;
}

/** The attempt that an answer amounts to where only 2xx is success. */
export function attemptOf(answer: HttpAnswer): Attempt {
  if (answer.status >= 200 && answer.status < 300) return { kind: "delivered" };
  return {
    kind: "failed",
    error: `The server answered ${answer.status}`,
    retryAfterSeconds: retryAfterSeconds(answer),
  };
}

/** The attempt that a fault amounts to. */
export function attemptOfFault(fault: unknown): Attempt {
  const error = fault instanceof Error ? fault.message : String(fault);
  if (fault instanceof PermanentError)
    return { kind: "dead", error: fault.hint === "" ? error : `${error}. ${fault.hint}` };
  return { kind: "failed", error, retryAfterSeconds: 0 };
}
