import { Hono, type MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { html } from "hono/html";
import { type GuardedEnv, sessionCookie } from "../guard.ts";
import { allows } from "../keys.ts";
import type { WebDeps } from "../ports.ts";
import { sessionMs } from "../session.ts";
import { FromElsewherePage, SignInPage } from "./sign-in.tsx";

/** Sign-in and sign-out by key. */
export function sessionRoutes({ guard, clock }: Pick<WebDeps, "guard" | "clock">): Hono<GuardedEnv> {
  const app = new Hono<GuardedEnv>();
  app.get("/sign-in", (c) =>
    c.html(html`<!doctype html>${<SignInPage to={localPath(c.req.query("to"))} wrong={false} />}`),
  );
  app.post("/sign-in", guard.refuseForeign, async (c) => {
    const form = await c.req.parseBody();
    const to = localPath(form.to);
    const key = typeof form.key === "string" ? guard.keyring.find(form.key.trim()) : null;
    if (key === null || !allows(key.scopes, ["review"])) {
      return c.html(html`<!doctype html>${<SignInPage to={to} wrong={true} />}`, 401);
    }
    setCookie(c, sessionCookie, guard.sessions.open(key, clock.nowMs()), {
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
      maxAge: sessionMs / 1000,
      secure: new URL(c.req.url).protocol === "https:" || c.req.header("x-forwarded-proto") === "https",
    });
    return c.redirect(to, 303);
  });
  app.post("/sign-out", guard.requireScope("review"), (c) => {
    deleteCookie(c, sessionCookie, { path: "/" });
    return c.redirect("/sign-in", 303);
  });
  return app;
}

/**
 * Lets a person who follows a link from elsewhere (a Slack message) use the session they have: the strict cookie
 * is not sent with such a request, so the page is asked for once more from this site.
 */
export const againFromHere: MiddlewareHandler = async (c, next) => {
  const elsewhere = c.req.method === "GET" && c.req.header("sec-fetch-site") === "cross-site";
  if (
    elsewhere &&
    c.req.header("sec-fetch-mode") === "navigate" &&
    getCookie(c, sessionCookie) === undefined
  ) {
    return c.html(html`<!doctype html>${<FromElsewherePage />}`);
  }
  await next();
  return undefined;
};

/** A path on this site; anything else becomes the overview. */
function localPath(given: unknown): string {
  return typeof given === "string" && /^\/(?![/\\])/.test(given) ? given : "/";
}
