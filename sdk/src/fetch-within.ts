/** A request, without what `fetchWithin` decides. */
export type FetchWithinInit = Omit<RequestInit, "redirect">;

/**
 * Fetches and reads an answer within a time, following no redirect.
 *
 * Use it instead of `fetch` with `AbortSignal.timeout`: on Node 20 a request that lost its connection on a busy machine was seen
 * to settle never, signal or not, and a host must not wait for ever.
 *
 * @param timeoutMs Time for the whole, the reading of the body included.
 * @param read Reads the answer.
 * @throws {Error} If it is not there in time, or `fetch` or `read` reject.
 */
export async function fetchWithin<T>(
  timeoutMs: number,
  url: string,
  init: FetchWithinInit,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const signal = init.signal == null ? late.signal : AbortSignal.any([init.signal, late.signal]);
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`Cannot read an answer: none came within ${timeoutMs} ms`);
      reject(error);
      late.abort(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([fetch(url, { ...init, redirect: "manual", signal }).then(read), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
