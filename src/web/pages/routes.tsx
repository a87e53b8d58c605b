import { Hono } from "hono";
import { signalKinds, type SignalKind } from "../../model/signal.ts";
import { reach } from "../boards/reach.ts";
import { withRoutes } from "../boards/deliveries.ts";
import { buildIncident } from "../boards/incident.ts";
import { buildOverview } from "../boards/overview.ts";
import { buildScorecard } from "../boards/scorecard.ts";
import { buildSignal } from "../boards/signal.ts";
import { buildWorkflow, type RangeName, ranges } from "../boards/workflow.ts";
import { runSearch, searchNewest, toRunQuery } from "../api/runs.ts";
import type { GuardedEnv } from "../guard.ts";
import type { WebDeps } from "../ports.ts";
import { actionRoutes } from "./actions.tsx";
import { knownName } from "./forms.ts";
import { IncidentPage } from "./incident.tsx";
import { IncidentsPage } from "./incidents.tsx";
import { plainText } from "../format.ts";
import { approvalPageRoutes } from "./approval-routes.tsx";
import { answerProblem } from "./problem.tsx";
import { answerPage, type FrameOf } from "./layout.tsx";
import { Overview } from "./overview.tsx";
import { NotKnown } from "./not-known.tsx";
import { reportOn } from "../api/report.ts";
import { practiceRoutes } from "./practice-routes.tsx";
import { ReportPage } from "./report.tsx";
import { ReceiptPage } from "./receipt.tsx";
import { RejectsPage } from "./rejects.tsx";
import { reviewPageRoutes } from "./review-routes.tsx";
import { RunsPage } from "./runs.tsx";
import { againFromHere, sessionRoutes } from "./session.tsx";
import { ScorecardPage } from "./scorecard.tsx";
import { SignalPage } from "./signal.tsx";
import { staticRoutes } from "./static.ts";
import { unknownRoutes } from "./unknown.tsx";
import { WorkflowPage } from "./workflow.tsx";

/** Every page, its static files and what its buttons do. */
export function pageRoutes(deps: WebDeps): Hono<GuardedEnv> {
  const app = new Hono<GuardedEnv>();
  const frame: FrameOf = (title, current) => ({
    title,
    current,
    openIncidents: deps.journal.incidents.list({ states: ["open"] }).length,
    waitingReviews:
      deps.desk.waiting().reduce((sum, { runs }) => sum + runs, 0) +
      deps.approvals.waiting().reduce((sum, { items }) => sum + items, 0),
    version: deps.version,
    troubles: deps.troubles(),
  });
  app.onError((error, c) => answerProblem(c, frame("Cannot do that", "none"), error, deps.onBug));
  app.route("/", staticRoutes());
  app.route("/", sessionRoutes(deps));
  app.get("*", againFromHere);
  app.route("/", boardRoutes(deps, frame));
  app.route("/", pilotRoutes(deps, frame));
  app.route("/", practiceRoutes(deps, frame));
  app.route("/", incidentRoutes(deps, frame));
  app.route("/", runRoutes(deps, frame));
  app.route("/", reviewPageRoutes(deps, frame));
  app.route("/", approvalPageRoutes(deps, frame));
  app.route("/", actionRoutes(deps, frame));
  app.route("/", unknownRoutes(deps, frame));
  return app;
}

function boardRoutes(deps: WebDeps, frame: FrameOf): Hono<GuardedEnv> {
  const { guard, clock } = deps;
  const app = new Hono<GuardedEnv>();
  const reader = guard.requireScope("review");
  app.get("/", reader, async (c) => {
    const { rows } = await buildOverview(deps);
    return answerPage(c, frame("Overview", "overview"), <Overview rows={rows} nowMs={clock.nowMs()} />);
  });
  app.get("/workflows/:workflow", reader, async (c) => {
    const workflow = c.req.param("workflow");
    const board = await buildWorkflow(deps, workflow, readRange(c.req.query("range")));
    if (board === null)
      return answerPage(c, frame("Not known", "none"), <NotKnown what={`workflow ${workflow}`} />, 404);
    const { csrfToken } = c.get("visitor");
    return answerPage(
      c,
      frame(workflow, "none"),
      <WorkflowPage
        board={board}
        nowMs={clock.nowMs()}
        csrf={csrfToken}
        actor={knownName(c)}
        said={c.req.query("said") ?? ""}
      />,
    );
  });
  app.get("/workflows/:workflow/signals/:kind", reader, async (c) => {
    const { workflow, kind } = c.req.param();
    const field = c.req.query("field") ?? "";
    const board = isSignalKind(kind)
      ? await buildSignal(deps, { workflow, kind, field }, readRange(c.req.query("range")))
      : null;
    if (board === null)
      return answerPage(c, frame("Not known", "none"), <NotKnown what={`signal ${kind}`} />, 404);
    const assets = { scripts: ["uPlot.iife.min.js", "chart.js"], styles: ["uPlot.min.css"] };
    return answerPage(c, { ...frame(`${kind} ${field}`, "none"), ...assets }, <SignalPage board={board} />);
  });
  return app;
}

function pilotRoutes(deps: WebDeps, frame: FrameOf): Hono<GuardedEnv> {
  const app = new Hono<GuardedEnv>();
  const reader = deps.guard.requireScope("review");
  app.get("/workflows/:workflow/scorecard", reader, async (c) => {
    const workflow = c.req.param("workflow");
    const said = c.req.query("said") ?? "";
    const card = await buildScorecard(deps, workflow);
    const { csrfToken } = c.get("visitor");
    return answerPage(
      c,
      frame(`Scorecard of ${workflow}`, "none"),
      <ScorecardPage {...{ card, said }} csrf={csrfToken} />,
    );
  });
  app.get("/workflows/:workflow/report", reader, async (c) => {
    const workflow = c.req.param("workflow");
    const markdown = await reportOn(deps, workflow, 7);
    return answerPage(
      c,
      frame(`Report on ${workflow}`, "none"),
      <ReportPage {...{ workflow, markdown }} days={7} />,
    );
  });
  return app;
}

function incidentRoutes(deps: WebDeps, frame: FrameOf): Hono<GuardedEnv> {
  const { guard, clock, journal, store } = deps;
  const app = new Hono<GuardedEnv>();
  const reader = guard.requireScope("review");
  app.get("/incidents", reader, (c) =>
    answerPage(
      c,
      frame("Incidents", "incidents"),
      <IncidentsPage incidents={journal.incidents.list({ limit: 200 })} nowMs={clock.nowMs()} />,
    ),
  );
  app.get("/incidents/:id", reader, async (c) => {
    const board = await buildIncident(deps, c.req.param("id"));
    if (board === null)
      return answerPage(c, frame("Not known", "incidents"), <NotKnown what="incident" />, 404);
    const { csrfToken } = c.get("visitor");
    return answerPage(
      c,
      frame(plainText(board.incident.title), "incidents"),
      <IncidentPage board={board} nowMs={clock.nowMs()} csrf={csrfToken} actor={knownName(c)} />,
    );
  });
  app.get("/rejects", reader, async (c) => {
    const rejects = await reach(store.rejects(100));
    return answerPage(
      c,
      frame("Rejects", "rejects"),
      <RejectsPage
        rejects={rejects}
        dead={withRoutes(deps, journal.outbox.list({ state: "dead", limit: 100 }))}
        nowMs={clock.nowMs()}
        csrf={c.get("visitor").csrfToken}
        said={c.req.query("said") ?? ""}
      />,
    );
  });
  return app;
}

function runRoutes(deps: WebDeps, frame: FrameOf): Hono<GuardedEnv> {
  const { guard, clock, store, watch } = deps;
  const app = new Hono<GuardedEnv>();
  const reader = guard.requireScope("review");
  app.get("/runs", reader, async (c) => {
    // An empty field of the form is no filter.
    const form = Object.fromEntries(Object.entries(c.req.query()).filter(([, value]) => value !== ""));
    const parsed = runSearch.safeParse(form);
    const exact = form.q === undefined ? null : await reach(store.reads("page").findRun(form.q.trim()));
    if (exact !== null) return c.redirect(`/runs/${encodeURIComponent(exact.runId)}`, 303);
    const page = parsed.success ? await reach(searchNewest(deps, toRunQuery(parsed.data))) : null;
    const problem = !parsed.success
      ? `Cannot search: ${parsed.error.issues.map((issue) => issue.message).join("; ")}`
      : page === null
        ? "ClickHouse cannot be reached."
        : "";
    const more =
      page?.cursor == null
        ? null
        : `/runs?${new URLSearchParams({ ...form, cursor: page.cursor }).toString()}`;
    const workflows = watch.workflows().map((info) => info.workflow);
    return answerPage(
      c,
      frame("Runs", "runs"),
      <RunsPage {...{ form, workflows, problem, more }} runs={page?.runs ?? null} nowMs={clock.nowMs()} />,
    );
  });
  app.get("/runs/:run_id", reader, async (c) => {
    const runId = c.req.param("run_id");
    const receipt = await store.receipt(runId);
    if (receipt === null)
      return answerPage(c, frame("Not known", "runs"), <NotKnown what={`run ${runId}`} />, 404);
    return answerPage(c, frame(`Run ${runId}`, "runs"), <ReceiptPage receipt={receipt} />);
  });
  return app;
}

function readRange(given: string | undefined): RangeName {
  return given !== undefined && Object.hasOwn(ranges, given) ? (given as RangeName) : "7d";
}

function isSignalKind(kind: string): kind is SignalKind {
  return Object.hasOwn(signalKinds, kind);
}
