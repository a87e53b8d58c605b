import { Hono } from "hono";
import { expect, it } from "vitest";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import { answerError } from "../../../src/web/api/base.ts";

const cases = [
  { why: "a fault of the caller", error: new PermanentError("Cannot read"), status: 400, bugs: 0 },
  { why: "a fault that passes", error: new TransientError("Cannot reach"), status: 503, bugs: 0 },
  { why: "a bug", error: new TypeError("anna is not a function"), status: 500, bugs: 1 },
];
it.each(cases)("answerError() tells of bugs alone: $why", async ({ error, status, bugs }) => {
  const told: Error[] = [];
  const app = new Hono();
  app.onError((fault, c) => answerError(fault, c, (bug) => told.push(bug)));
  app.get("/", () => {
    throw error;
  });
  const answer = await app.request("/");
  expect(answer.status).toBe(status);
  expect(await answer.text()).not.toContain("anna");
  expect(told).toHaveLength(bugs);
});
