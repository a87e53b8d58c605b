import { createHash, timingSafeEqual } from "node:crypto";
import { PermanentError } from "../model/errors.ts";

/**
 * What a key allows. `ingest` sends runs and reads nothing; `review` reads and reviews; `admin` also acts;
 * `metrics` reads `/metrics` alone.
 */
export type Scope = "ingest" | "review" | "admin" | "metrics";

/** A key as it is configured: never itself, only its SHA-256 in hexadecimal. */
export interface KeyEntry {
  name: string;
  sha256: string;
  scopes: readonly Scope[];
  /** More requests than this are answered with 429; 0 or absent for no limit. */
  requests_per_second?: number | undefined;
}

/** Finds keys. */
export interface Keyring {
  /** False where no key is configured and everything on loopback is allowed. */
  readonly locked: boolean;
  /** The entry of a key as it was sent, or null. Takes the same time for every wrong key. */
  find(key: string): KeyEntry | null;
  /** The entry whose hash starts with `prefix`, for sessions. */
  findByHash(prefix: string): KeyEntry | null;
}

/** The SHA-256 of a key in hexadecimal, as the configuration wants it. */
export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** @throws {PermanentError} If a key could both send runs and read. */
export function createKeyring(entries: readonly KeyEntry[]): Keyring {
  for (const { name, scopes } of entries) {
    if (scopes.includes("ingest") && scopes.length > 1) {
      throw new PermanentError(
        `Cannot use key '${name}': a key that can send runs can read nothing, got scopes ${scopes.join(", ")}`,
        { hint: "Make one key with scope ingest and another for people" },
      );
    }
  }
  const known = entries.map((entry) => ({ entry, digest: Buffer.from(entry.sha256, "hex") }));
  return {
    locked: entries.length > 0,
    find(key) {
      const digest = createHash("sha256").update(key).digest();
      let found: KeyEntry | null = null;
      for (const candidate of known) {
        if (timingSafeEqual(candidate.digest, digest)) found = candidate.entry;
      }
      return found;
    },
    findByHash: (prefix) => entries.find((entry) => entry.sha256.startsWith(prefix)) ?? null,
  };
}

/** A keyring that can be exchanged as a whole while it is in use. */
export function liveKeyring(current: () => Keyring): Keyring {
  return {
    get locked() {
      return current().locked;
    },
    find: (key) => current().find(key),
    findByHash: (prefix) => current().findByHash(prefix),
  };
}

/** Tells whether scopes suffice: `admin` includes `review` and `metrics`, and nothing includes `ingest`. */
export function allows(scopes: readonly Scope[], wanted: readonly Scope[]): boolean {
  return wanted.some(
    (scope) =>
      scopes.includes(scope) ||
      (scope === "review" && scopes.includes("admin")) ||
      (scope === "metrics" && (scopes.includes("admin") || scopes.includes("review"))),
  );
}
