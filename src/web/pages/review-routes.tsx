import { Hono } from "hono";
import { PermanentError } from "../../model/errors.ts";
import type { Json } from "../../model/json.ts";
import type { Answer } from "../../review/desk.ts";
import { applyEdits } from "../../review/edit.ts";
import { fromJsonText } from "../api/present.ts";
import type { GuardedEnv } from "../guard.ts";
import type { WebDeps } from "../ports.ts";
import { keepName, knownName, readForm } from "./forms.ts";
import { answerPage, type FrameOf } from "./layout.tsx";
import { NamePage, ReviewPage } from "./review.tsx";

/** The review queue as pages and forms. */
export function reviewPageRoutes(deps: WebDeps, frame: FrameOf): Hono<GuardedEnv> {
  const { desk, guard, store, approvals, wallClock } = deps;
  const app = new Hono<GuardedEnv>();
  const reviewer = guard.requireScope("review");
  const queue = (workflow: string) =>
    workflow === "" ? "/review" : `/review?workflow=${encodeURIComponent(workflow)}`;

  app.get("/review", reviewer, async (c) => {
    const name = knownName(c);
    const csrf = c.get("visitor").csrfToken;
    if (name === "") return answerPage(c, frame("Review", "review"), <NamePage csrf={csrf} />);
    const workflow = c.req.query("workflow") ?? "";
    const claim = await desk.next(name, workflow === "" ? undefined : workflow);
    return answerPage(
      c,
      { ...frame("Review", "review"), scripts: ["review.js"] },
      <ReviewPage
        claim={claim}
        reviewer={name}
        workflow={workflow}
        waiting={desk.waiting()}
        held={approvals.open(workflow === "" ? undefined : workflow)}
        nowMs={wallClock.nowMs()}
        answeredToday={desk.answeredToday(name)}
        undoable={desk.undoable(name)}
        csrf={csrf}
      />,
    );
  });
  app.post("/review/name", reviewer, async (c) => {
    const { actor = "" } = await readForm(c);
    if (actor.trim() !== "") keepName(c, actor.trim());
    return c.redirect("/review", 303);
  });
  app.post("/review/undo", reviewer, async (c) => {
    const { workflow = "" } = await readForm(c);
    if (desk.undo(knownName(c)) === null) {
      throw new PermanentError("Cannot undo: the answer has been recorded", { hint: "Go back to the queue" });
    }
    return c.redirect(queue(workflow), 303);
  });
  app.post("/review/:run_id", reviewer, async (c) => {
    const form = await readForm(c);
    const runId = c.req.param("run_id");
    const name = knownName(c);
    if (form.verdict === "skip") {
      desk.skip(runId, name);
    } else {
      const receipt = await store.receipt(runId);
      if (receipt === null) throw new PermanentError(`Cannot review run '${runId}': it is not known`);
      const answer = readAnswer(form, fromJsonText(receipt.run.outputs) as Json);
      if (!desk.answer(runId, name, answer)) {
        throw new PermanentError(`Cannot review run '${runId}': the claim has run out`, {
          hint: "Go back to the queue",
        });
      }
    }
    return c.redirect(queue(form.workflow ?? ""), 303);
  });
  return app;
}

function readAnswer(form: Record<string, string>, output: Json): Answer {
  const shared = { reason: form.reason ?? "", note: (form.note ?? "").trim() };
  const edits = new Map(
    Object.entries(form).flatMap(([name, text]): [string, string][] =>
      name.startsWith("field:") ? [[name.slice("field:".length), text]] : [],
    ),
  );
  switch (form.verdict) {
    case "approved":
      return { verdict: "approved", output: null, ...shared };
    case "rejected":
      return { verdict: "rejected", output: null, ...shared };
    case "edited":
      return { verdict: "edited", output: applyEdits(output, edits), ...shared };
    default:
      throw new PermanentError("Cannot record the review: 'verdict' must be approved, edited or rejected");
  }
}
