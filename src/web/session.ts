import { createHmac, timingSafeEqual } from "node:crypto";
import { hourMs } from "../model/clock.ts";
import type { KeyEntry, Keyring } from "./keys.ts";

/**
 * A browser's session: the cookie's value is `<first 16 digits of the key's hash>.<expiry ms>.<mac>`.
 *
 * Nothing is kept on the server. The mac covers the whole hash of the key, so a session ends when its key is
 * removed from the configuration.
 */
export interface Sessions {
  open(key: KeyEntry, nowMs: number): string;
  /** The key that a cookie stands for, or null if it is forged, expired or its key is gone. */
  read(cookie: string, nowMs: number): KeyEntry | null;
  /** The token that a session's forms must carry. */
  csrfToken(cookie: string): string;
}

/** How long a session lasts. */
export const sessionMs = 12 * hourMs;

/** @param secret at least 32 random bytes, kept in the journal so that a restart does not sign people out. */
export function createSessions(keyring: Keyring, secret: Buffer): Sessions {
  const mac = (purpose: string, text: string) =>
    createHmac("sha256", secret).update(`${purpose}\n${text}`).digest("base64url");
  const sessionMac = (key: KeyEntry, expiresMs: number) => mac("session", `${key.sha256}\n${expiresMs}`);
  return {
    open(key, nowMs) {
      const expiresMs = nowMs + sessionMs;
      return `${key.sha256.slice(0, 16)}.${expiresMs}.${sessionMac(key, expiresMs)}`;
    },
    read(cookie, nowMs) {
      const [prefix = "", expires = "", given = ""] = cookie.split(".");
      const expiresMs = Number(expires);
      if (prefix.length !== 16 || !(expiresMs > nowMs)) return null;
      const key = keyring.findByHash(prefix);
      return key !== null && same(sessionMac(key, expiresMs), given) ? key : null;
    },
    csrfToken: (cookie) => mac("csrf", cookie),
  };
}

/** Compares two texts in constant time. */
export function same(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
