import { type Context, Hono } from "hono";
import type { ApprovalDecision } from "../../model/approval.ts";
import { PermanentError } from "../../model/errors.ts";
import { tooLate } from "../api/approvals.ts";
import type { GuardedEnv } from "../guard.ts";
import type { WebDeps } from "../ports.ts";
import { approvalPath, ApprovalPage, ApprovalsPage } from "./approvals.tsx";
import { knownName, readForm, readFormAct } from "./forms.ts";
import { answerPage, type FrameOf } from "./layout.tsx";
import { NotKnown } from "./not-known.tsx";

const decisions: readonly string[] = ["approve", "reject", "done_by_hand"] satisfies ApprovalDecision[];
const latestMax = 100;

/** Held items as pages, and what their buttons do. */
export function approvalPageRoutes(deps: WebDeps, frame: FrameOf): Hono<GuardedEnv> {
  const { approvals, guard, watch, wallClock } = deps;
  const app = new Hono<GuardedEnv>();
  const reviewer = guard.requireScope("review");
  const answerUnknown = (c: Context<GuardedEnv>) =>
    answerPage(c, frame("Not known", "review"), <NotKnown what="approval" />, 404);
  app.get("/approvals", reviewer, (c) =>
    answerPage(
      c,
      frame("Approvals", "review"),
      <ApprovalsPage
        open={approvals.open()}
        latest={approvals.list({ limit: latestMax })}
        nowMs={wallClock.nowMs()}
      />,
    ),
  );
  app.get("/approvals/:id", reviewer, (c) => {
    const id = c.req.param("id");
    const item = approvals.get(id);
    if (item === null) return answerUnknown(c);
    const owner = watch.workflows().find(({ workflow }) => workflow === item.workflow)?.owner ?? "";
    const { csrfToken: csrf } = c.get("visitor");
    return answerPage(
      c,
      frame(item.action, "review"),
      <ApprovalPage {...{ item, owner, csrf }} nowMs={wallClock.nowMs()} actor={knownName(c)} />,
    );
  });
  app.post("/approvals/:id/decision", reviewer, async (c) => {
    const id = c.req.param("id");
    const form = await readForm(c);
    const { decision = "" } = form;
    if (!isDecision(decision))
      throw new PermanentError("Cannot decide: 'decision' must be approve, reject or done_by_hand");
    const outcome = approvals.decide(id, decision, readFormAct(c, form));
    if (outcome.kind === "unknown") return answerUnknown(c);
    if (outcome.kind === "too late") throw new PermanentError(tooLate(outcome.approval));
    return c.redirect(approvalPath(id), 303);
  });
  return app;
}

function isDecision(word: string): word is ApprovalDecision {
  return decisions.includes(word);
}
