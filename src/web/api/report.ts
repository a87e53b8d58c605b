import { createRoute, z } from "@hono/zod-openapi";
import { dayMs } from "../../model/clock.ts";
import { gatherReport } from "../../review/gather-report.ts";
import { renderReport } from "../../review/render-report.ts";
import type { WebDeps } from "../ports.ts";
import { type Api, createApi, guarded, refusals } from "./base.ts";

/** The report's Markdown over the last days. */
export async function reportOn(
  deps: Pick<WebDeps, "store" | "journal" | "watch" | "clock">,
  workflow: string,
  days: number,
): Promise<string> {
  const toMs = deps.clock.nowMs();
  const info = deps.watch.workflows().find((known) => known.workflow === workflow);
  const { owner = "", dataMap = { reads: [], writes: [] } } = info ?? {};
  const of = { workflow, owner, dataMap, fromMs: toMs - days * dayMs, toMs };
  return renderReport(await gatherReport(deps, of));
}

/** `GET /v1/workflows/:workflow/report`. */
export function reportRoutes(deps: WebDeps): Api {
  const api = createApi();
  const report = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}/report",
    summary: "The weekly review as Markdown",
    request: {
      params: z.object({ workflow: z.string().min(1).max(200) }),
      query: z.strictObject({ days: z.coerce.number().int().min(1).max(90).default(7) }),
    },
    responses: {
      200: { description: "Markdown", content: { "text/markdown": { schema: z.string() } } },
      ...refusals,
    },
  });
  api.openapi(guarded(api, deps.guard, report, "review"), async (c) => {
    const markdown = await reportOn(deps, c.req.valid("param").workflow, c.req.valid("query").days);
    return c.body(markdown, 200, { "Content-Type": "text/markdown; charset=utf-8" });
  });
  return api;
}
