import { TransientError } from "../model/errors.ts";

/**
 * Creates a queue whose statements run one after another. The embedded engine runs those of a session so too, but a statement that
 * waits there holds a thread of libuv's pool, and as many searches as it has threads would hold up the sync of the spool, and
 * with it every acknowledgement.
 *
 * @param waitingMax So many may wait beside the one that runs; the others are refused at once.
 * @throws {TransientError} from a turn: too many wait already.
 */
export function createTurns(waitingMax = Infinity): <T>(statement: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let inLine = 0;
  return (statement) => {
    if (inLine > waitingMax) {
      const message = `Cannot read from the store: ${waitingMax} reads wait already`;
      return Promise.reject(new TransientError(message, { retryAfterSeconds: 10 }));
    }
    inLine += 1;
    const result = last.then(statement).finally(() => {
      inLine -= 1;
    });
    last = result.catch(() => undefined);
    return result;
  };
}
