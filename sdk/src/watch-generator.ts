import type { Ending } from "./span-state.ts";

/** Runs a call inside the run it belongs to. */
export type Within = <T>(call: () => T) => T;

const partsMax = 20_000;

type Method = (argument: unknown) => Promise<IteratorResult<unknown>>;

/** Tells whether a value is what an `async function*` returns. */
export function isAsyncGenerator(value: unknown): value is AsyncGenerator {
  return Object.prototype.toString.call(value) === "[object AsyncGenerator]";
}

/**
 * Watches a stream of parts, such as a model's tokens. Its body runs piece by piece whenever the host asks for
 * the next part, so each piece is put inside the run. It ends when the stream does, or when the host leaves it;
 * the output is what it returned, else its parts, as one text if all are text.
 *
 * @returns False if the object cannot be watched.
 */
export function watchGenerator(
  generator: AsyncGenerator,
  within: Within,
  end: (ending: Ending) => void,
): boolean {
  const parts: unknown[] = [];
  let ended = false;
  const endOnce = (ending: Ending): void => {
    if (!ended) end(ending);
    ended = true;
  };
  const watch =
    (method: Method): Method =>
    (argument) =>
      within(() => method(argument)).then(
        (piece) => {
          if (piece.done === true) endOnce({ kind: "returned", value: piece.value ?? joined(parts) });
          else if (parts.length < partsMax) parts.push(piece.value);
          return piece;
        },
        (thrown: unknown) => {
          endOnce({ kind: "threw", thrown });
          throw thrown;
        },
      );
  const define = (name: string, method: Method): boolean =>
    Reflect.defineProperty(generator, name, { configurable: true, writable: true, value: watch(method) });
  return (
    define("next", generator.next.bind(generator)) &&
    define("return", generator.return.bind(generator)) &&
    define("throw", generator.throw.bind(generator))
  );
}

function joined(parts: unknown[]): unknown {
  return parts.length > 0 && parts.every((part) => typeof part === "string") ? parts.join("") : parts;
}
