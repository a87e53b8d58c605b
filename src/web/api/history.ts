import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import { createRoute, z } from "@hono/zod-openapi";
import { historyKinds } from "../../history/port.ts";
import { createStoredHistory } from "../../history/stored-history.ts";
import { minuteMs } from "../../model/clock.ts";
import type { WebDeps } from "../ports.ts";
import { type Api, createApi, guarded, refusals, timeParam } from "./base.ts";

/** `GET /v1/workflows/:workflow/history`: what `export` and `backtest` read while the sidecar holds the folder. */
export function historyRoutes({ guard, store, journal, clock }: WebDeps): Api {
  const api = createApi();
  const history = createStoredHistory({ store, journal: () => journal });
  const route = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}/history",
    summary: "A workflow's past as it is stored, one JSON object on each line",
    request: {
      params: z.object({ workflow: z.string().min(1).max(200) }),
      query: z.strictObject({
        what: z.enum(historyKinds),
        from: timeParam.optional(),
        to: timeParam.optional(),
        step_minutes: z.coerce
          .number()
          .int()
          .min(1)
          .max(60)
          .default(1)
          .meta({ description: "Width of buckets" }),
      }),
    },
    responses: {
      200: {
        description: "Rows; the connection is cut if they cannot all be read",
        content: { "application/x-ndjson": { schema: z.string() } },
      },
      ...refusals,
    },
  });
  api.openapi(guarded(api, guard, route, "review"), (c) => {
    const { workflow } = c.req.valid("param");
    const { what, from = 0, to = clock.nowMs(), step_minutes: minutes } = c.req.valid("query");
    const rows = history.read(what, { workflow, fromMs: from, toMs: to, stepMs: minutes * minuteMs });
    const lines = Readable.toWeb(Readable.from(toLines(rows))) as WebStream<Uint8Array>;
    return c.body(lines as ReadableStream, 200, { "Content-Type": "application/x-ndjson" }) as never;
  });
  return api;
}

/** Rows as lines, some hundred to a chunk. */
async function* toLines(rows: AsyncIterable<object>): AsyncGenerator<Buffer, void> {
  let text = "";
  for await (const row of rows) {
    text += `${JSON.stringify(row)}\n`;
    if (text.length < 64 * 1024) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text !== "") yield Buffer.from(text);
}
