import { Hono } from "hono";
import type { GuardedEnv } from "../guard.ts";
import type { WebDeps } from "../ports.ts";

type SystemDeps = Pick<WebDeps, "guard" | "metrics" | "problems" | "slackActions">;

/** `/metrics`, `/healthz`, `/readyz` and `/slack/actions`. */
export function systemRoutes({ guard, metrics, problems, slackActions }: SystemDeps): Hono<GuardedEnv> {
  const app = new Hono<GuardedEnv>();
  app.get("/metrics", guard.requireScope("metrics"), async (c) => {
    const { contentType, body } = await metrics.render(c.req.header("accept") ?? "");
    return c.body(body, 200, { "Content-Type": contentType });
  });
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    const found = await problems();
    return c.json(
      { status: found.length === 0 ? "ready" : "not ready", problems: found },
      found.length === 0 ? 200 : 503,
    );
  });
  if (slackActions !== undefined) app.post("/slack/actions", (c) => slackActions(c.req.raw));
  return app;
}
