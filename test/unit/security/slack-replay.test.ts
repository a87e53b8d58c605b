import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { createSlackActions } from "../../../src/slack-actions.ts";

const secret = "s";
let nowMs = 1_795_164_000_000;
const done: string[] = [];
const clock = { nowMs: () => nowMs };
const answer = createSlackActions(
  {
    config: { routes: { slack: { signing_secret: secret } } },
    clock,
    wallClock: clock,
    journal: { incidents: { get: () => ({ workflow: "w" }) } },
  } as unknown as Parameters<typeof createSlackActions>[0],
  { pause: () => done.push("pause"), resume: () => done.push("resume") } as unknown as Parameters<
    typeof createSlackActions
  >[1],
);

function press(action: string, atSeconds: number): Promise<Response> {
  const actions = [{ action_id: `evenkeel_${action}`, value: "inc_1" }];
  const payload = JSON.stringify({ type: "block_actions", user: { id: "U" }, actions });
  const body = new URLSearchParams({ payload }).toString();
  const timestamp = String(atSeconds);
  const signature = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
  const headers = { "x-slack-request-timestamp": timestamp, "x-slack-signature": signature };
  return answer(new Request("http://localhost/slack/actions", { method: "POST", body, headers }));
}

it("createSlackActions() does a press once, however often and late the same request comes", async () => {
  const firstSeconds = nowMs / 1000;
  for (const action of ["pause", "resume", "pause"]) {
    expect((await press(action, firstSeconds)).status).toBe(200);
  }
  expect(done).toEqual(["pause", "resume"]);
  nowMs += 60_000;
  await press("pause", firstSeconds);
  await press("pause", firstSeconds + 60);
  expect(done).toEqual(["pause", "resume", "pause"]);
  nowMs += 600_000;
  expect((await press("pause", firstSeconds)).status).toBe(401);
  expect((await press("resume", nowMs / 1000)).status).toBe(200);
  expect(done).toEqual(["pause", "resume", "pause", "resume"]);
});
