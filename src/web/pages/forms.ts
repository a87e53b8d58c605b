import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { GuardedEnv } from "../guard.ts";
import { readAct } from "../api/workflows.ts";
import type { Act } from "../ports.ts";

const nameCookie = "evenkeel_name";

/** The text fields of a posted form. */
export async function readForm(c: Context<GuardedEnv>): Promise<Record<string, string>> {
  const entries = Object.entries(await c.req.parseBody());
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** Who acts by a form, and why; the name is kept for the next form. */
export function readFormAct(c: Context<GuardedEnv>, form: Record<string, string>): Act {
  const act = readAct(c, { actor: form.actor, reason: form.reason ?? "" });
  if (form.actor !== undefined) keepName(c, act.actor);
  return act;
}

/** Remembers how a person calls themselves. It is a convenience, no proof of anything. */
export function keepName(c: Context<GuardedEnv>, name: string): void {
  setCookie(c, nameCookie, name, { httpOnly: true, sameSite: "Strict", path: "/", maxAge: 365 * 86_400 });
}

/** The name that a form starts with: as given before, else the name of the key, else "". */
export function knownName(c: Context<GuardedEnv>): string {
  return getCookie(c, nameCookie) ?? c.get("visitor").name;
}
