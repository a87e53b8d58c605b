import { inTime } from "./in-time.ts";

/** A request, without what `fetchWithin` decides. */
export type FetchWithinInit = Omit<RequestInit, "redirect">;

/**
 * Fetches and reads an answer within a time, following no redirect.
 *
 * @param timeoutMs Time for the whole, the reading of the body included.
 * @param read Reads the answer.
 * @throws {Error} If it is not there in time, or `fetch` or `read` reject.
 */
export function fetchWithin<T>(
  timeoutMs: number,
  url: string,
  init: FetchWithinInit,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  return inTime(timeoutMs, (late) => {
    const signal = init.signal == null ? late : AbortSignal.any([init.signal, late]);
    return fetch(url, { ...init, redirect: "manual", signal }).then(read);
  });
}
