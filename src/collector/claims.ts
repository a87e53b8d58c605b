import { TransientError } from "../model/errors.ts";
import type { SeenIds } from "./ports.ts";

/** The ids that one request claims. Either `keep` or `drop` ends it. */
export interface Claiming {
  /** False if the id was claimed before, by another request or by this one. */
  claim(id: string): boolean;
  ids(): string[];
  keep(): void;
  drop(): void;
  /**
   * Resolves once every other request that holds one of the refused ids has ended.
   *
   * @throws {TransientError} If one of them failed: then what it held was not kept, and must be sent again.
   */
  othersEnded(): Promise<void>;
}

/**
 * Creates the book of claims over the ids seen before. It closes one gap: a client's retry may arrive while the
 * original is still on its way to the disk, and must not be acknowledged unless the original gets there.
 */
export function createClaims(seen: SeenIds): { begin(): Claiming } {
  const inFlight = new Map<string, Promise<boolean>>();
  return {
    begin() {
      const mine: string[] = [];
      const others = new Set<Promise<boolean>>();
      const { promise, resolve } = deferred();
      const end = (isKept: boolean) => {
        for (const id of mine) inFlight.delete(id);
        resolve(isKept);
      };
      return {
        claim(id) {
          if (seen.claim(id)) {
            mine.push(id);
            inFlight.set(id, promise);
            return true;
          }
          const other = inFlight.get(id);
          if (other !== undefined && other !== promise) others.add(other);
          return false;
        },
        ids: () => mine,
        keep: () => end(true),
        drop() {
          for (const id of mine) seen.release(id);
          end(false);
        },
        async othersEnded() {
          if (others.size === 0) return;
          const ends = await Promise.all(others);
          if (ends.every((isKept) => isKept)) return;
          throw new TransientError("Cannot acknowledge runs: an earlier request with the same ids failed", {
            retryAfterSeconds: 1,
          });
        },
      };
    },
  };
}

function deferred(): { promise: Promise<boolean>; resolve: (isKept: boolean) => void } {
  let resolve: (isKept: boolean) => void = () => undefined;
  const promise = new Promise<boolean>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
