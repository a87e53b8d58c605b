import { describe, expect, it } from "vitest";
import { resolveSettings } from "../../src/options.ts";
import { versionId } from "../../src/version.ts";
import { workflowVersion } from "../../src/workflow-version.ts";

const parts = { prompt: "Sort it.", model: "gpt-5-mini", settings: { temperature: 0, top_p: 1 } };
const settings = resolveSettings({}, {});

describe("versionId()", () => {
  const changes = [
    { why: "the prompt", changed: { ...parts, prompt: "Sort it!" } },
    { why: "the prompt's name", changed: { ...parts, promptName: "triage" } },
    { why: "the prompt's version", changed: { ...parts, promptVersion: "2" } },
    { why: "the model", changed: { ...parts, model: "gpt-5" } },
    { why: "a setting", changed: { ...parts, settings: { temperature: 1, top_p: 1 } } },
    { why: "the code revision", changed: { ...parts, codeRevision: "abc" } },
  ];
  it.each(changes)("versionId() changes with $why", ({ changed }) => {
    expect(versionId(changed)).not.toBe(versionId(parts));
  });

  it("versionId() is the same for the same parts, whatever the order of the settings", () => {
    expect(versionId({ ...parts, settings: { top_p: 1, temperature: 0 } })).toBe(versionId(parts));
    expect(versionId(parts)).toMatch(/^[0-9a-f]{12}$/);
  });

  it("versionId() is empty where nothing is known", () => {
    expect(versionId({})).toBe("");
  });
});

describe("workflowVersion()", () => {
  it("workflowVersion() prefers the given version to the hash", () => {
    const { constants } = workflowVersion({ workflow: "w", version: "v12", ...parts }, settings);
    expect(constants.attributes.get("evenkeel.version")).toBe("v12");
  });

  it("workflowVersion() sends a short prompt with every run", () => {
    const { promptDue } = workflowVersion({ workflow: "w", prompt: "short" }, settings);
    expect([promptDue(0), promptDue(1)]).toEqual(["short", "short"]);
  });

  it("workflowVersion() sends a long prompt first and again after ten minutes", () => {
    const prompt = "x".repeat(2000);
    const { promptDue, constants } = workflowVersion({ workflow: "w", prompt }, settings);
    expect([0, 1, 599_999, 600_000, 600_001].map((nowMs) => promptDue(nowMs) !== "")).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(constants.attributes.get("evenkeel.version")).toBe(versionId({ prompt }));
  });
});

describe("resolveSettings()", () => {
  const env = { EVENKEEL_ENDPOINT: "http://a:1/", OTEL_EXPORTER_OTLP_ENDPOINT: "http://b:2" };
  const cases = [
    { why: "the option first", options: { endpoint: "http://c:3" }, env, endpoint: "http://c:3" },
    { why: "then EVENKEEL_ENDPOINT", options: {}, env, endpoint: "http://a:1" },
    {
      why: "then OTEL_EXPORTER_OTLP_ENDPOINT",
      options: {},
      env: { ...env, EVENKEEL_ENDPOINT: "" },
      endpoint: "http://b:2",
    },
    { why: "then the default port", options: {}, env: {}, endpoint: "http://localhost:4318" },
  ];
  it.each(cases)("resolveSettings() takes $why", ({ options, env: variables, endpoint }) => {
    expect(resolveSettings(options, variables).endpoint).toBe(endpoint);
  });
});
