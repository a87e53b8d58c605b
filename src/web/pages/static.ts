import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createHash } from "node:crypto";
import { Hono } from "hono";

/** Our own files, from the source tree both when run from `src` and from `dist`. */
const ours = new URL("../../../src/web/static/", import.meta.url);

const files: Record<string, { type: string; from: "ours" | "uplot" }> = {
  "evenkeel.css": { type: "text/css", from: "ours" },
  "icon.svg": { type: "image/svg+xml", from: "ours" },
  "theme.js": { type: "text/javascript", from: "ours" },
  "evenkeel.js": { type: "text/javascript", from: "ours" },
  "review.js": { type: "text/javascript", from: "ours" },
  "chart.js": { type: "text/javascript", from: "ours" },
  "uPlot.iife.min.js": { type: "text/javascript", from: "uplot" },
  "uPlot.min.css": { type: "text/css", from: "uplot" },
};

/** Serves the few files that pages need, read once at start, with revalidation by content. */
export function staticRoutes(): Hono {
  const app = new Hono();
  const uplot = new URL(`file://${createRequire(import.meta.url).resolve("uplot/dist/uPlot.iife.min.js")}`);
  for (const [name, { type, from }] of Object.entries(files)) {
    const body = readFileSync(new URL(name, from === "ours" ? ours : uplot), "utf8");
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 16)}"`;
    app.get(`/static/${name}`, (c) => {
      c.header("ETag", etag);
      c.header("Cache-Control", "no-cache");
      if (c.req.header("if-none-match")?.includes(etag) === true) return c.body(null, 304);
      return c.body(body, 200, { "Content-Type": `${type}; charset=utf-8` });
    });
  }
  return app;
}
