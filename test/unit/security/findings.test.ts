import { createHmac } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { readSlackPress } from "../../../src/alerts/slack-actions.ts";
import { settingsOf } from "../../../src/alerts/settings.ts";
import { redactProtobuf } from "../../../src/collector/redact-protobuf.ts";
import { createRedactor } from "../../../src/collector/redact.ts";
import { configSchema, workflowConfig } from "../../../src/config.ts";
import { loadConfig } from "../../../src/load-config.ts";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import { encodeOtlp } from "../../fuzz/encode-otlp.ts";
import { attributesJson, createHarness, jsonBytes, spanJson, tracesJson } from "../collector/harness.ts";

// What attacks found once, so that it stays mended.

describe("names that every object has", () => {
  const names = ["constructor", "__proto__", "toString", "hasOwnProperty"];
  it.each(names)("workflowConfig() has the defaults for a workflow called %s", (name) => {
    const config = configSchema.parse({});
    expect(workflowConfig(config, name).pause.mode).toBe("off");
    expect(settingsOf(config, name).owner).toBe("");
  });

  it.each(names)("runs() keeps a run with a member called %s", async (name) => {
    const { ingest, rows } = createHarness();
    const text = `{"workflow":"${name}","inputs":{"${name}":{"${name}":1}},"outputs":{"${name}":"x"}}`;
    expect(await ingest.runs(Buffer.from(text))).toMatchObject([{ status: "accepted" }]);
    expect(rows("runs")[0]?.inputs).toBe(`{"${name}":{"${name}":1}}`);
  });
});

it("runs() says of a run that cannot be processed that it is refused, not that it is known", async () => {
  const { ingest } = createHarness({
    settings: () => {
      throw new TypeError("a fault of ours");
    },
  });
  const answers = await ingest.runs(jsonBytes([{ run_id: "a", workflow: "w" }]));
  expect(answers).toMatchObject([{ status: "rejected" }]);
});

it("traces() keeps a run while a review of another run comes early", async () => {
  const { ingest, rows } = createHarness();
  const early = attributesJson({ "evenkeel.run.id": "later", "evenkeel.review.verdict": "approved" });
  const events = [{ name: "evenkeel.review", attributes: early }];
  // The span names no workflow, and its resource neither: the review cannot be kept without its run.
  const bytes = tracesJson(
    [
      spanJson("aa", "01", {}, { events }),
      spanJson("ab", "01", { "evenkeel.workflow": "w", "evenkeel.run.id": "now" }),
    ],
    {},
  );
  await expect(ingest.traces(bytes, "json")).rejects.toThrow(TransientError);
  expect(rows("runs")).toMatchObject([{ run_id: "now" }]);
  await expect(ingest.traces(bytes, "json")).rejects.toThrow(TransientError);
  expect(rows("runs")).toHaveLength(1);
});

it.each([
  { actions: {} },
  { actions: [null] },
  { actions: [{ action_id: 7, value: "i" }] },
  { actions: [{ action_id: "evenkeel_pause", value: {} }] },
  { actions: "pause" },
])("readSlackPress() ignores %j", (payload) => {
  const body = new URLSearchParams({
    payload: JSON.stringify({ type: "block_actions", ...payload }),
  }).toString();
  const signature = `v0=${createHmac("sha256", "s").update(`v0:1795164000:${body}`).digest("hex")}`;
  const read = readSlackPress(
    { body, timestamp: "1795164000", signature },
    { signingSecret: "s", nowMs: 1_795_164_000_000 },
  );
  expect(read).toEqual({ kind: "ignored" });
});

it("runs() watches no path longer than a label may be", async () => {
  const { ingest, rows, meters } = createHarness();
  const name = "n".repeat(60_000);
  await ingest.runs(jsonBytes({ workflow: "w", inputs: { [name]: { [name]: 1 }, short: 1 } }));
  const fields = rows("rollups").map(({ field }) => field);
  expect(fields).toContain("input.short");
  expect(Math.max(...fields.map((field) => field.length))).toBeLessThan(600);
  expect(meters.dropped.get("field")).toBe(1);
});

it.each([
  { why: "a key that holds a mapping", yaml: "{ channel: c, secret: hunter2 }: 1" },
  { why: "a key that has swallowed a line", yaml: "routes:\n  slack:\n    'bot_token:/ hunter2': x" },
  { why: "a workflow of that kind", yaml: "workflows: { '{ secret: hunter2': 1 }" },
  { why: "a token that is none", yaml: "\u0003hunter2" },
  { why: "a block that is none", yaml: "keys: >xhunter2\n" },
])("loadConfig() refuses without quoting the secret in $why", ({ yaml }) => {
  const file = join(mkdtempSync(join(tmpdir(), "evenkeel-findings-")), "evenkeel.yaml");
  writeFileSync(file, yaml);
  let refusal: unknown;
  try {
    loadConfig({ file, env: {}, flags: {} });
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(PermanentError);
  expect(inspect(refusal)).not.toContain("hunter2");
});

it("loadConfig() has no warning printed that quotes a secret", () => {
  const file = join(mkdtempSync(join(tmpdir(), "evenkeel-findings-")), "evenkeel.yaml");
  writeFileSync(file, "routes: { slack: { bot_token: !Fhunter2 hunter2 } }\n? { secret: hunter2 }\n: 1\n");
  const warn = vi.spyOn(process, "emitWarning");
  expect(() => loadConfig({ file, env: {}, flags: {} })).toThrow(PermanentError);
  expect(warn).not.toHaveBeenCalled();
});

describe("redactProtobuf()", () => {
  const redactor = createRedactor({ key: "k" });
  const spans = (attributes: object[]) => ({
    resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "00", spanId: "00", attributes }] }] }],
  });

  it.each([48, 57, 65, 90, 97, 122])(
    "finds a token of %i characters, whose length is a letter or digit",
    (length) => {
      const token = `ghp_${"a1".repeat(60)}`.slice(0, length);
      const bytes = encodeOtlp(spans(attributesJson({ note: token })));
      const clean = redactProtobuf(bytes, redactor);
      expect(Buffer.from(bytes).includes(token)).toBe(true);
      expect(clean.includes(token.slice(0, 20))).toBe(false);
      expect(clean).toHaveLength(bytes.length);
    },
  );

  it("leaves what holds no secret as it is", () => {
    const bytes = encodeOtlp(spans(attributesJson({ note: "nothing to hide", count: 7, "a.b": "\n{}" })));
    const ids = Buffer.from(bytes).indexOf("note");
    expect(redactProtobuf(bytes, redactor).subarray(ids)).toEqual(Buffer.from(bytes).subarray(ids));
  });
});
