import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hideSecrets, loadConfig } from "../../src/load-config.ts";

function load(yaml: string, env: Record<string, string> = {}, flags: Record<string, unknown> = {}) {
  const file = join(mkdtempSync(join(tmpdir(), "evenkeel-config-")), "evenkeel.yaml");
  writeFileSync(file, yaml);
  return loadConfig({ file, env, flags });
}

describe("loadConfig()", () => {
  it("takes an empty file", () => {
    const { config } = load("");
    expect(config.port).toBe(4318);
    expect(config.data).toBe("./evenkeel-data");
    expect(config.false_alarms_per_1000_workflow_days).toBe(1);
  });

  it("gives a named workflow its defaults", () => {
    const { config } = load("workflows: { triage: { owner: a@example.test } }");
    expect(config.workflows.triage).toMatchObject({
      owner: "a@example.test",
      review: { sample_rate: 0.01, min_per_week: 5 },
      pause: { mode: "off", on: ["null_rate", "output_distribution", "override_rate"] },
    });
  });

  const refusals = [
    { why: "a wrong type", yaml: "port: abc", says: ["'port'", "must be of type number", '"abc"'] },
    { why: "a value out of range", yaml: "port: 99999", says: ["'port'", "must be at most 65535", "99999"] },
    { why: "an unknown key", yaml: "prot: 1", says: ["'prot' is not a known key"] },
    {
      why: "a nested unknown key",
      yaml: "workflows: {a: {ower: x}}",
      says: ["'workflows.a.ower' is not a known key"],
    },
    {
      why: "a value not in the list",
      yaml: "workflows: {a: {pause: {mode: maybe}}}",
      says: ["'workflows.a.pause.mode'", "must be one of off, dry-run, on", '"maybe"'],
    },
    {
      why: "a URL of another protocol",
      yaml: "routes: {webhook: {url: 'ftp://x'}}",
      says: ["'routes.webhook.url'", "must be an http or https URL", '"ftp://x"'],
    },
    {
      why: "a pattern that is no regular expression",
      yaml: "workflows: {a: {contract: {outputs: {v: {pattern: '('}}}}}",
      says: ["'workflows.a.contract.outputs.v.pattern'", "must be a regular expression", '"("'],
    },
    {
      why: "a pattern that no single look at a text can judge",
      yaml: "workflows: {a: {contract: {outputs: {v: {pattern: '(?=.*a).*b'}}}}}",
      says: ["'workflows.a.contract.outputs.v.pattern'", "without lookahead and lookbehind"],
    },
    {
      why: "such a pattern among the words of a topic",
      yaml: "workflows: {a: {approval: {hard_stops: {topics: {x: ['/(a)\\1/']}}}}}",
      says: ["'workflows.a.approval.hard_stops.topics.x.0'", "between slashes", "without back references"],
    },
    {
      why: "a catalogue that nobody defined",
      yaml: "workflows: {a: {contract: {outputs: {v: {allowed_from: skus}}}}}",
      says: ["'workflows.a.contract.outputs.v.allowed_from'", "must name one of `catalogues`", '"skus"'],
    },
    {
      why: "a catalogue from nowhere",
      yaml: "catalogues: {skus: {values_at: sku}}",
      says: ["'catalogues.skus'", "must have either url or file"],
    },
    {
      why: "a JSON Schema that is none",
      yaml: "workflows: {a: {contract: {outputs_schema: {type: nonsense}}}}",
      says: ["'workflows.a.contract.outputs_schema'", "must be a JSON Schema"],
    },
    {
      why: "a JSON Schema of an old draft",
      yaml: "workflows: {a: {contract: {outputs_schema: {$schema: 'http://json-schema.org/draft-04/schema#'}}}}",
      says: ["'workflows.a.contract.outputs_schema'", "draft 07, 2019-09 or 2020-12"],
    },
    {
      why: "a file of a JSON Schema that is not there",
      yaml: "workflows: {a: {contract: {inputs_schema: ./no-such-schema.json}}}",
      says: [
        "'workflows.a.contract.inputs_schema'",
        "must be a file that holds a JSON Schema",
        "no-such-schema",
      ],
    },
    {
      why: "a tolerance of nothing",
      yaml: "workflows: {a: {contract: {outputs: {v: {tolerance: 1}}}}}",
      says: ["'workflows.a.contract.outputs.v'", "must have equals_sum_of"],
    },
    { why: "several problems at once", yaml: "port: abc\nnope: 1", says: ["'port'", "'nope'"] },
    { why: "a file that is no mapping", yaml: "- 1", says: ["must be a mapping of keys"] },
    { why: "a file that is no YAML", yaml: "a: [", says: ["Cannot read configuration"] },
  ];
  it.each(refusals)("refuses $why, naming key, rule and value", ({ yaml, says }) => {
    for (const part of says) expect(() => load(yaml)).toThrow(part);
  });

  it("never shows a secret in a refusal", () => {
    expect(() => load("routes: {slack: {webhook_url: [hunter2]}}")).toThrow("(hidden)");
    expect(() => load("routes: {slack: {webhook_url: [hunter2]}}")).not.toThrow("hunter2");
  });

  it("lets variables override the file and flags override variables", () => {
    const { config } = load(
      "port: 1\ndata: /file",
      { EVENKEEL_PORT: "2", EVENKEEL_DATA: "/env" },
      { port: 3 },
    );
    expect(config).toMatchObject({ port: 3, data: "/env" });
  });

  it("reads variables by the type of their key", () => {
    const { config } = load("", {
      EVENKEEL_CLICKHOUSE_URL: "http://ch:8123",
      EVENKEEL_CLICKHOUSE_PASSWORD: "0123",
      EVENKEEL_ALLOW_PRIVATE_WEBHOOKS: "true",
      EVENKEEL_ROUTES_SLACK_CHANNEL: "#ops",
    });
    expect(config.clickhouse).toMatchObject({ url: "http://ch:8123", password: "0123" });
    expect(config.allow_private_webhooks).toBe(true);
    expect(config.routes.slack.channel).toBe("#ops");
  });

  it("takes the short names of routes", () => {
    const { config } = load("", { EVENKEEL_SLACK_WEBHOOK_URL: "https://hooks.example.test/x" });
    expect(config.routes.slack.webhook_url).toBe("https://hooks.example.test/x");
  });

  it("names variables that are no setting and leaves the SDK's alone", () => {
    const { unknownVariables } = load("", { EVENKEEL_PROT: "1", EVENKEEL_ENDPOINT: "http://x" });
    expect(unknownVariables).toEqual(["EVENKEEL_PROT"]);
  });
});

describe("hideSecrets()", () => {
  it("replaces every secret that is set, also inside workflows", () => {
    const { config } = load(
      "routes: {slack: {webhook_url: s3cret}, webhook: {url: 'https://x.test', secret: s3cret}}\n" +
        "workflows: {a: {pause: {secret: s3cret, adapter: {platform: n8n, url: 'http://n', id: '1', token: s3cret}}}}",
    );
    const shown = JSON.stringify(hideSecrets(config));
    expect(shown).not.toContain("s3cret");
    expect(shown).toContain("(hidden)");
    expect(shown).toContain("https://x.test");
  });

  const addresses = [
    {
      why: "credentials",
      yaml: "clickhouse: {url: 'http://u:s3cret@ch:8123/x'}",
      shown: "http://(hidden)@ch:8123/x",
    },
    {
      why: "a query",
      yaml: "public_url: 'https://e.test/p?token=s3cret'",
      shown: "https://e.test/p?(hidden)",
    },
    { why: "a fragment", yaml: "public_url: 'https://e.test/#s3cret'", shown: "https://e.test/?(hidden)" },
    {
      why: "a webhook's path",
      yaml: "workflows: {a: {pause: {webhook: 'https://hook.test/s3cret'}}}",
      shown: "https://hook.test/(hidden)",
    },
    {
      why: "a route's path",
      yaml: "routes: {webhook: {url: 'https://hook.test/s3cret'}}",
      shown: "https://hook.test/(hidden)",
    },
    {
      why: "an adapter's address",
      yaml: "workflows: {a: {pause: {adapter: {platform: n8n, id: '1', url: 'http://s3cret@n8n/api'}}}}",
      shown: "http://(hidden)@n8n/api",
    },
    {
      why: "a key's hash",
      yaml: `keys: [{name: a, scopes: [admin], sha256: ${"5e".repeat(32)}}]`,
      shown: '"sha256":"(hidden)"',
    },
  ];
  it.each(addresses)("hides $why", ({ yaml, shown: expected }) => {
    const shown = JSON.stringify(hideSecrets(load(yaml).config));
    expect(shown).not.toContain("s3cret");
    expect(shown).not.toContain("5e5e");
    expect(shown).toContain(expected);
  });

  it.each([
    { why: "of a server", yaml: "clickhouse: {url: 'ftp://u:s3cret@x'}" },
    { why: "of a webhook", yaml: "routes: {webhook: {url: 'hook.test/s3cret'}}" },
    { why: "that is none", yaml: "clickhouse: {url: 'u:s3cret@x'}" },
  ])("a refused address $why is not quoted", ({ yaml }) => {
    expect(() => load(yaml)).toThrow("must be an http or https URL");
    expect(() => load(yaml)).not.toThrow("s3cret");
  });
});
