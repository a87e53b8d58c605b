import type { Ending } from "./span-state.ts";
import { isAsyncGenerator, watchGenerator, type Within } from "./watch-generator.ts";

/**
 * Makes a call inside its run and tells `end` how it ended: now, when its promise settles, or when its stream
 * is through. The caller gets exactly what the call returned or threw.
 *
 * A native promise is passed on as its own continuation, so that a rejection nobody handles is still
 * reported by the host. Any other thenable may be lazy (a query that runs when awaited) or carry methods of
 * its own, so it is returned itself, and watched through the `then` that the host calls.
 */
export function follow<T>(call: () => T, within: Within, end: (ending: Ending) => void): T {
  let result: T;
  try {
    result = within(call);
  } catch (thrown) {
    end({ kind: "threw", thrown });
    throw thrown;
  }
  if (result instanceof Promise && result.constructor === Promise) return watchPromise(result, end) as T;
  if (isAsyncGenerator(result) && watchGenerator(result, within, end)) return result;
  if (isThenable(result) && watchThenable(result, end)) return result;
  end({ kind: "returned", value: result });
  return result;
}

function watchPromise(promise: Promise<unknown>, end: (ending: Ending) => void): Promise<unknown> {
  return promise.then(
    (value) => {
      end({ kind: "returned", value });
      return value;
    },
    (thrown: unknown) => {
      end({ kind: "threw", thrown });
      throw thrown;
    },
  );
}

interface Thenable {
  then: (onValue?: Callback | null, onError?: Callback | null) => unknown;
}

type Callback = (value: unknown) => unknown;

function isThenable(value: unknown): value is Thenable {
  try {
    return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
  } catch {
    return false;
  }
}

/** @returns False if the object cannot be watched. */
function watchThenable(thenable: Thenable, end: (ending: Ending) => void): boolean {
  const then = thenable.then.bind(thenable);
  let ended = false;
  const endOnce = (ending: Ending): void => {
    if (!ended) end(ending);
    ended = true;
  };
  return Reflect.defineProperty(thenable, "then", {
    configurable: true,
    writable: true,
    value: (onValue?: Callback | null, onError?: Callback | null) =>
      then(
        (value) => {
          endOnce({ kind: "returned", value });
          return onValue ? onValue(value) : value;
        },
        (thrown) => {
          endOnce({ kind: "threw", thrown });
          if (onError) return onError(thrown);
          throw thrown;
        },
      ),
  });
}
