import { Hono } from "hono";
import { buildOutcomes } from "../boards/outcomes.ts";
import { buildShadow } from "../boards/shadow.ts";
import { buildVersions } from "../boards/versions.ts";
import type { GuardedEnv } from "../guard.ts";
import type { WebDeps } from "../ports.ts";
import { CanaryPage } from "./canary.tsx";
import { knownName, readForm, readFormAct } from "./forms.ts";
import { answerPage, type FrameOf } from "./layout.tsx";
import { OutcomesPage } from "./outcomes.tsx";
import { workflowPath } from "./parts.tsx";
import { ShadowPage } from "./shadow.tsx";
import { VersionsPage } from "./versions.tsx";

/** The pages of a workflow's practice: shadow mode, canary, outcomes and versions. */
export function practiceRoutes(deps: WebDeps, frame: FrameOf): Hono<GuardedEnv> {
  const { guard, canary, clock } = deps;
  const app = new Hono<GuardedEnv>();
  const reader = guard.requireScope("review");
  app.get("/workflows/:workflow/shadow", reader, async (c) => {
    const board = await buildShadow(deps, c.req.param("workflow"));
    return answerPage(c, frame(`Is ${board.workflow} ready?`, "none"), <ShadowPage board={board} />);
  });
  app.get("/workflows/:workflow/outcomes", reader, async (c) => {
    const board = await buildOutcomes(deps, c.req.param("workflow"), { days: 7, count: 8 });
    return answerPage(c, frame(`Outcomes of ${board.workflow}`, "none"), <OutcomesPage board={board} />);
  });
  app.get("/workflows/:workflow/versions", reader, async (c) => {
    const { version, against } = c.req.query();
    const board = await buildVersions(deps, c.req.param("workflow"), { against });
    return answerPage(
      c,
      frame(`Versions of ${board.workflow}`, "none"),
      <VersionsPage board={board} chosen={version ?? board.current} />,
    );
  });
  app.get("/workflows/:workflow/canary", reader, (c) => {
    const workflow = c.req.param("workflow");
    return answerPage(
      c,
      frame(`Canary of ${workflow}`, "none"),
      <CanaryPage
        workflow={workflow}
        cases={canary.cases(workflow)}
        rounds={canary.rounds(workflow, 30)}
        nowMs={clock.nowMs()}
        csrf={c.get("visitor").csrfToken}
        actor={knownName(c)}
        said={c.req.query("said") ?? ""}
      />,
    );
  });
  app.post("/workflows/:workflow/canary/repin", guard.requireScope("admin"), async (c) => {
    const workflow = c.req.param("workflow");
    canary.repin(workflow, readFormAct(c, await readForm(c)));
    const said = encodeURIComponent("The next round pins the answers anew.");
    return c.redirect(`${workflowPath(workflow)}/canary?said=${said}`, 303);
  });
  return app;
}
