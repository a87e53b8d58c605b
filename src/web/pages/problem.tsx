import type { Context } from "hono";
import { html } from "hono/html";
import { PermanentError, TransientError } from "../../model/errors.ts";
import type { GuardedEnv } from "../guard.ts";
import { answerPage, type Frame } from "./layout.tsx";

/**
 * Tells a person what could not be done, in place of the page they asked for.
 *
 * @param onBug Told of an error of no known kind.
 */
export function answerProblem(
  c: Context<GuardedEnv>,
  frame: Frame,
  error: Error,
  onBug: (error: Error) => void,
) {
  const known = error instanceof PermanentError || error instanceof TransientError;
  if (!known) onBug(error);
  const status = error instanceof PermanentError ? 400 : error instanceof TransientError ? 503 : 500;
  if (error instanceof TransientError) c.header("Retry-After", String(error.retryAfterSeconds));
  const message = known ? error.message : "An internal error occurred";
  const hint = error instanceof PermanentError ? error.hint : known ? "Try again in a moment" : "";
  const content = (
    <>
      <h1>That did not work</h1>
      <p class="notice bad" role="alert">
        {message}.
      </p>
      {hint === "" ? null : <p>{hint}.</p>}
      <p>
        <a href={new URL(c.req.url).pathname.replace(/\/[^/]*$/, "") || "/"}>Back</a>
      </p>
    </>
  );
  // The fault may have struck before the visitor was known; the frame needs one.
  if ((c.get("visitor") as unknown) === undefined) return c.html(html`<!doctype html>${content}`, status);
  return answerPage(c, frame, content, status);
}
