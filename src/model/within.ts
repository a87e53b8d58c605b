import { TransientError } from "./errors.ts";

/**
 * Does work that must end in time.
 *
 * Use it around a request instead of `AbortSignal.timeout`: on Node 20 a request that lost its connection on a busy machine was
 * seen to settle never, signal or not. What is to be read of the answer belongs into the work.
 *
 * @param work Gets a signal that is aborted when the time is over; the deadline holds though the work ignores it.
 * @throws {TransientError} If the work is not done in time.
 */
export async function within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new TransientError(`Cannot read an answer: none came within ${timeoutMs} ms`);
      reject(error);
      late.abort(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(late.signal), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
