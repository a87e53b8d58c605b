import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import type { Clock } from "../model/clock.ts";
import { allows, type Keyring, type Scope } from "./keys.ts";
import { createRateLimit } from "./rate-limit.ts";
import { createSessions, same, type Sessions } from "./session.ts";

/** Who is asking, as far as the guard knows. */
export interface Visitor {
  /** The name of the key; "" where no keys are configured. */
  name: string;
  scopes: readonly Scope[];
  /** What a form of this visitor must send back. */
  csrfToken: string;
}

/** The context of a guarded route. */
export interface GuardedEnv {
  Variables: { visitor: Visitor };
}

/** Decides who may call what. */
export interface Guard {
  readonly keyring: Keyring;
  readonly sessions: Sessions;
  /** Lets a request pass that has one of the scopes; 401 without a key, 403 with the wrong one. */
  requireScope(...scopes: [Scope, ...Scope[]]): MiddlewareHandler<GuardedEnv>;
  /** Refuses requests that another site made a browser send. For routes without a scope that still act. */
  refuseForeign: MiddlewareHandler;
}

/** What `createGuard` needs. */
export interface GuardDeps {
  keyring: Keyring;
  /** See `createSessions`. */
  secret: Buffer;
  clock: Clock;
  /** Told of each request that came too soon, with the name of its key. */
  onLimited?: (keyName: string) => void;
}

/** The name of the session cookie. */
export const sessionCookie = "evenkeel_session";

const everyScope: readonly Scope[] = ["ingest", "review", "admin", "metrics"];
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Creates the guard of every route.
 *
 * Without keys everything is allowed, because the server then listens on loopback alone; what remains is the
 * browser of the person at that machine, which other sites can make send requests. So the Host must be a
 * loopback name (a DNS name rebound to 127.0.0.1 is not), and nothing that acts may come from another site.
 */
export function createGuard(deps: GuardDeps): Guard {
  const { keyring, clock, onLimited = () => undefined } = deps;
  const limit = createRateLimit({ clock });
  const sessions = createSessions(keyring, deps.secret);

  const identify = (c: Context): Identified | null => {
    if (!keyring.locked) return { visitor: { name: "", scopes: everyScope, csrfToken: "" }, waitSeconds: 0 };
    const given = keyIn(c.req.header("authorization") ?? "");
    const cookie = given === undefined ? (getCookie(c, sessionCookie) ?? "") : "";
    const key = given === undefined ? sessions.read(cookie, clock.nowMs()) : keyring.find(given);
    if (key === null) return null;
    const csrfToken = given === undefined ? sessions.csrfToken(cookie) : "";
    return { visitor: { name: key.name, scopes: key.scopes, csrfToken }, waitSeconds: limit(key) };
  };

  return {
    keyring,
    sessions,
    refuseForeign: async (c, next) => {
      const why = foreign(c, keyring.locked);
      if (why !== null) return c.json({ error: { message: why } }, 403);
      await next();
      return undefined;
    },
    requireScope:
      (...scopes) =>
      async (c, next) => {
        const why = foreign(c, keyring.locked);
        if (why !== null) return c.json({ error: { message: why } }, 403);
        const identified = identify(c);
        if (identified === null) return unauthorized(c);
        const { visitor, waitSeconds } = identified;
        if (waitSeconds > 0) {
          onLimited(visitor.name);
          return tooMany(c, visitor, waitSeconds);
        }
        if (!allows(visitor.scopes, scopes)) {
          const message = `Cannot use key '${visitor.name}' here: scope ${scopes.join(" or ")} is needed`;
          return c.json({ error: { message } }, 403);
        }
        if (visitor.csrfToken !== "" && !safeMethods.has(c.req.method)) {
          if (!same(await sentToken(c), visitor.csrfToken)) {
            return c.json({ error: { message: "Cannot act: the form's token is missing or old" } }, 403);
          }
        }
        c.set("visitor", visitor);
        await next();
        return undefined;
      },
  };
}

/** A visitor, and how long this request should have waited. */
interface Identified {
  visitor: Visitor;
  waitSeconds: number;
}

function tooMany(c: Context, { name }: Visitor, waitSeconds: number): Response {
  c.header("Retry-After", String(waitSeconds));
  const message = `Cannot answer so many requests: key '${name}' is at its limit of 'requests_per_second'`;
  return c.json({ error: { message } }, 429);
}

/** Whether a person's browser asks, and not for a path of the API. */
export function wantsPage(c: Context): boolean {
  const isBrowser = c.req.method === "GET" && (c.req.header("accept") ?? "").includes("text/html");
  return isBrowser && !new URL(c.req.url).pathname.startsWith("/v1/");
}

function unauthorized(c: Context): Response {
  const path = new URL(c.req.url).pathname;
  if (wantsPage(c)) return c.redirect(`/sign-in?to=${encodeURIComponent(path)}`, 303);
  c.header("WWW-Authenticate", 'Bearer realm="evenkeel"');
  const hint = "Send 'Authorization: Bearer <key>'";
  return c.json({ error: { message: "Cannot answer without a valid key", hint } }, 401);
}

async function sentToken(c: Context): Promise<string> {
  const header = c.req.header("x-evenkeel-csrf");
  if (header !== undefined) return header;
  if (!(c.req.header("content-type") ?? "").includes("form")) return "";
  const { csrf } = await c.req.parseBody();
  return typeof csrf === "string" ? csrf : "";
}

/**
 * The key in an Authorization header: as a bearer token, or as the password of Basic authentication, which is all that
 * some clients can send (Langfuse's). No answer asks for Basic, so no browser sends it by itself.
 */
export function keyIn(header: string): string | undefined {
  const basic = /^Basic ([\w+/=]+)$/i.exec(header)?.[1];
  if (basic === undefined) return /^Bearer (.+)$/i.exec(header)?.[1];
  return /^[^:]*:(.+)$/s.exec(Buffer.from(basic, "base64").toString())?.[1];
}

/** Why a request is refused as foreign, or null. */
function foreign(c: Context, locked: boolean): string | null {
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  if (!locked && !isLoopback(host)) {
    return "Cannot answer: without keys the Host header must name this machine (localhost)";
  }
  if (safeMethods.has(c.req.method)) return null;
  const site = c.req.header("sec-fetch-site");
  const origin = c.req.header("origin");
  const sameSite =
    site !== undefined
      ? site === "same-origin" || site === "none"
      : origin === undefined || originHost(origin) === host;
  return sameSite ? null : "Cannot act on a request from another site";
}

function originHost(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : "";
}

function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return (
    name === "localhost" ||
    name === "[::1]" ||
    name.endsWith(".localhost") ||
    /^127(\.\d{1,3}){3}$/.test(name)
  );
}
