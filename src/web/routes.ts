import { compress } from "hono/compress";
import { secureHeaders } from "hono/secure-headers";
import { answerError, type Api, createApi } from "./api/base.ts";
import { approvalRoutes } from "./api/approvals.ts";
import { canaryRoutes } from "./api/canary.ts";
import { forgetRoutes } from "./api/forget.ts";
import { historyRoutes } from "./api/history.ts";
import { incidentRoutes } from "./api/incidents.ts";
import { describeApi } from "./api/openapi.ts";
import { reportRoutes } from "./api/report.ts";
import { reviewRoutes } from "./api/reviews.ts";
import { runRoutes } from "./api/runs.ts";
import { shadowRoutes } from "./api/shadow.ts";
import { systemRoutes } from "./api/system.ts";
import { workflowRoutes } from "./api/workflows.ts";
import { outcomeRoutes } from "./api/outcomes.ts";
import { versionRoutes } from "./api/versions.ts";
import { pageRoutes } from "./pages/routes.tsx";
import type { WebDeps } from "./ports.ts";

/** The API and the pages. The collector's routes are mounted beside it, behind `guard.requireScope`. */
export function webRoutes(deps: WebDeps): Api {
  const app = createApi();
  app.onError((error, c) => answerError(error, c, deps.onBug));
  app.use(compress());
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      xFrameOptions: "DENY",
      referrerPolicy: "same-origin",
      strictTransportSecurity: false,
    }),
  );
  app.route("/", systemRoutes(deps));
  for (const routes of [runRoutes, workflowRoutes, historyRoutes, incidentRoutes, reviewRoutes, reportRoutes])
    app.route("/", routes(deps));
  app.route("/", approvalRoutes(deps));
  for (const routes of [canaryRoutes, shadowRoutes, outcomeRoutes, versionRoutes, forgetRoutes])
    app.route("/", routes(deps));
  app.get("/openapi.json", deps.guard.requireScope("review", "ingest"), (c) =>
    c.json(describeApi(app, deps.version)),
  );
  app.route("/", pageRoutes(deps));
  return app;
}
