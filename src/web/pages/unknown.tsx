import { type Context, Hono } from "hono";
import { type Guard, type GuardedEnv, wantsPage } from "../guard.ts";
import { answerPage, type FrameOf } from "./layout.tsx";
import { Empty } from "./parts.tsx";

/** Answers where nothing else does: a page to people who may see pages, JSON to programs. Comes after every other route. */
export function unknownRoutes({ guard }: { guard: Guard }, frame: FrameOf): Hono<GuardedEnv> {
  const app = new Hono<GuardedEnv>();
  const reader = guard.requireScope("review");
  app.get(
    "*",
    (c, next) => (wantsPage(c) ? reader(c, next) : next()),
    (c, next) =>
      wantsPage(c)
        ? answerPage(c, frame("Not known", "none"), <UnknownPage path={c.req.path} />, 404)
        : next(),
  );
  app.all("*", (c) => c.json(unknownPath(c), 404));
  return app;
}

function unknownPath(c: Context) {
  const message = `Cannot find '${c.req.method} ${c.req.path.slice(0, 200)}'`;
  return { error: { message, hint: "GET /openapi.json names every path" } };
}

function UnknownPage({ path }: { path: string }) {
  return (
    <>
      <h1>Not known</h1>
      <Empty>
        There is no page at <span class="mono">{path.slice(0, 200)}</span>.
      </Empty>
      <p>
        <a href="/">Go to the overview</a>
      </p>
    </>
  );
}
