import { Hono } from "hono";
import { hourMs } from "../../model/clock.ts";
import { PermanentError } from "../../model/errors.ts";
import { plural } from "../../model/plural.ts";
import { describeBaseline, readBaselineRequest } from "../api/workflows.ts";
import type { GuardedEnv } from "../guard.ts";
import type { WebDeps } from "../ports.ts";
import { readForm, readFormAct } from "./forms.ts";
import { answerPage, type FrameOf } from "./layout.tsx";
import { NotKnown } from "./not-known.tsx";
import { workflowPath } from "./parts.tsx";

/** What the buttons of the pages do. Each answers with a redirect to the page it came from. */
export function actionRoutes(deps: WebDeps, frame: FrameOf): Hono<GuardedEnv> {
  const { guard, watch, clock } = deps;
  const app = new Hono<GuardedEnv>();
  const admin = guard.requireScope("admin");
  for (const action of ["pause", "resume"] as const) {
    app.post(`/workflows/:workflow/${action}`, admin, async (c) => {
      const form = await readForm(c);
      const workflow = c.req.param("workflow");
      const act = readFormAct(c, form);
      const back = form.back ?? "";
      if (act.reason === "") throw new PermanentError(`Cannot ${action}: 'reason' must say why, got ''`);
      watch[action](workflow, act);
      return c.redirect(/^\/incidents\/[\w%.-]+$/.test(back) ? back : workflowPath(workflow), 303);
    });
  }
  app.post("/workflows/:workflow/baseline", admin, async (c) => {
    const form = await readForm(c);
    const workflow = c.req.param("workflow");
    const request = readBaselineRequest({ action: readBaselineAction(form.action), version: form.version });
    const outcome = await watch.baseline(workflow, readFormAct(c, form), request);
    if (outcome.kind === "refused") throw new PermanentError(outcome.why);
    return c.redirect(
      `${workflowPath(workflow)}?said=${encodeURIComponent(describeBaseline(outcome))}#baseline`,
      303,
    );
  });
  for (const action of ["acknowledge", "snooze", "resolve"] as const) {
    app.post(`/incidents/:id/${action}`, admin, async (c) => {
      const act = readFormAct(c, await readForm(c));
      const id = c.req.param("id");
      const changed =
        action === "snooze" ? watch.snooze(id, act, clock.nowMs() + 4 * hourMs) : watch[action](id, act);
      if (changed === null)
        return answerPage(c, frame("Not known", "incidents"), <NotKnown what="incident" />, 404);
      return c.redirect(`/incidents/${encodeURIComponent(id)}`, 303);
    });
  }
  app.route("/", chores(deps));
  return app;
}

/** What keeps things going: an audit begun, a message sent again, a reject read again. */
function chores({ guard, filler, retryDelivery, replayReject }: WebDeps): Hono<GuardedEnv> {
  const app = new Hono<GuardedEnv>();
  const admin = guard.requireScope("admin");
  app.post("/workflows/:workflow/audit", admin, async (c) => {
    const workflow = c.req.param("workflow");
    const runs = await filler.audit(workflow);
    return c.redirect(
      `${workflowPath(workflow)}/scorecard?said=${encodeURIComponent(`${runs} ${plural(runs, "run waits", "runs wait")} for a look.`)}`,
      303,
    );
  });
  app.post("/deliveries/retry", admin, async (c) => {
    const { key = "" } = await readForm(c);
    const said = retryDelivery(key, c.get("visitor").name)
      ? "The message will be sent again."
      : "The message is not dead.";
    return c.redirect(`/rejects?said=${encodeURIComponent(said)}`, 303);
  });
  app.post("/rejects/:id/replay", admin, async (c) => {
    const outcome = await replayReject(c.req.param("id"));
    const said =
      outcome.kind === "accepted"
        ? `Accepted: ${outcome.runs} ${plural(outcome.runs, "run")}.`
        : `Still cannot be read: ${outcome.why}.`;
    return c.redirect(`/rejects?said=${encodeURIComponent(said)}`, 303);
  });
  return app;
}

function readBaselineAction(action: string | undefined): "relearn" | "pin" | "accept" {
  if (action === "relearn" || action === "pin" || action === "accept") return action;
  throw new PermanentError("Cannot change the baseline: 'action' must be relearn, pin or accept");
}
