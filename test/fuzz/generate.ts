import type { OtlpJson } from "./encode-otlp.ts";
import type { Random } from "./random.ts";

const names = [
  "evenkeel.workflow",
  "evenkeel.run.id",
  "evenkeel.step",
  "evenkeel.input",
  "evenkeel.output",
  "evenkeel.retries",
  "evenkeel.confidence",
  "evenkeel.mode",
  "evenkeel.settings",
  "evenkeel.attr.tenant",
  "evenkeel.review.verdict",
  "evenkeel.outcome.value",
  "gen_ai.operation.name",
  "gen_ai.input.messages",
  "gen_ai.output.messages",
  "gen_ai.usage.input_tokens",
  "openinference.span.kind",
  "annotations.0.annotation.label",
  "llm.invocation_parameters",
  "langfuse.observation.type",
  "langfuse.observation.input",
  "langfuse.observation.usage_details",
  "traceloop.entity.input",
  "ai.operationId",
  "ai.settings.temperature",
  "n8n.node.id",
  "llm.input_messages.0.message.content",
  "input.value",
  "output.value",
  "service.name",
  "password",
  "__proto__",
  "constructor",
  "toString",
  "",
  "a.b[].c",
  "\ud83d",
  "n\0ul",
];

const texts = [
  "",
  "null",
  "[]",
  '{"__proto__":{"x":1},"constructor":1}',
  '[{"a":[{"b":null}]}]',
  '{"n":12345678901234567890}',
  "approved",
  "edited",
  "\ud83d",
  "\ufeff{}",
  "'; DROP TABLE runs; --",
  "<script>alert(1)</script>",
  "=cmd|' /C calc'!A0",
  "\u0000\u0001\u001b[31m",
  "{workflow:String}",
  "\\N",
  '{"a":'.repeat(60),
  "1e999",
  "-0",
];

const numbers = [0, -0, 1, -1, 1e308, 5e-324, 2 ** 53, -(2 ** 63), 0.1, 4_294_967_296, 1e21];
const idHex = "0123456789abcdef";

/** Any JSON value, with a taste for what breaks programs. */
export function anyJson(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 5 ? 4 : 7);
  if (kind === 0) return random.pick([null, true, false]);
  if (kind === 1) return random.pick(numbers);
  if (kind === 2) return random.pick(texts);
  if (kind === 3) return random.text('abc é漢\u{1f600}"\\/', random.below(40));
  if (kind === 4) return Array.from({ length: random.below(5) }, () => anyJson(random, depth + 1));
  if (kind === 5 && random.chance(0.05)) return random.pick(texts).repeat(1 + random.below(2000));
  const members = Array.from({ length: random.below(6) }, (): [string, unknown] => [
    random.pick(names),
    anyJson(random, depth + 1),
  ]);
  return Object.fromEntries(members);
}

function anyValue(random: Random, depth = 0): OtlpJson {
  const kind = random.below(depth > 4 ? 4 : 6);
  if (kind === 0) return { stringValue: random.pick(texts) };
  if (kind === 1) return { boolValue: random.chance(0.5) };
  if (kind === 2) return { intValue: random.pick([0, 1, -1, 7, 2 ** 31, 2 ** 52]) };
  if (kind === 3) return { doubleValue: random.pick([...numbers, Number.NaN, Infinity]) };
  const length = random.below(4);
  if (kind === 4)
    return { arrayValue: { values: Array.from({ length }, () => anyValue(random, depth + 1)) } };
  return { kvlistValue: { values: anyAttributes(random, length, depth + 1) } };
}

function anyAttributes(random: Random, length: number, depth = 0): OtlpJson[] {
  return Array.from({ length }, () => ({ key: random.pick(names), value: anyValue(random, depth) }));
}

function anySpan(random: Random): OtlpJson {
  const id = (length: number) =>
    random.chance(0.9) ? random.text(idHex, length) : random.pick(["", "00", "0".repeat(length)]);
  const nanos = random.pick(["1795164000000000000", "0", "18446744073709551615", "1"]);
  return {
    traceId: random.chance(0.3) ? "ab".repeat(16) : id(32),
    spanId: id(16),
    ...(random.chance(0.4) ? { parentSpanId: id(16) } : {}),
    name: random.pick(texts),
    startTimeUnixNano: nanos,
    endTimeUnixNano: random.pick([nanos, "0"]),
    attributes: anyAttributes(random, random.below(8)),
    events: Array.from({ length: random.below(3) }, () => ({
      name: random.pick([
        "evenkeel.review",
        "evenkeel.outcome",
        "exception",
        "gen_ai.evaluation.result",
        "x",
      ]),
      attributes: anyAttributes(random, random.below(5)),
    })),
    status: { code: random.below(4), message: random.pick(texts) },
  };
}

/** A span that must be kept whatever surrounds it. */
export function goodSpan(random: Random, runId: string): OtlpJson {
  return {
    traceId: random.text(idHex, 31) + "1",
    spanId: random.text(idHex, 15) + "1",
    name: "good",
    startTimeUnixNano: "1795164000000000000",
    endTimeUnixNano: "1795164000250000000",
    attributes: [
      { key: "evenkeel.workflow", value: { stringValue: "good" } },
      { key: "evenkeel.run.id", value: { stringValue: runId } },
      { key: "evenkeel.input", value: { stringValue: '{"a":1}' } },
    ],
  };
}

/** A trace export of odd spans around a good one. */
export function anyTraces(random: Random, runId: string): OtlpJson {
  const group = (spans: OtlpJson[]) => ({
    resource: { attributes: anyAttributes(random, random.below(3)) },
    scopeSpans: [{ spans }],
  });
  const odd = () => Array.from({ length: random.below(4) }, () => anySpan(random));
  const good = group([...odd(), goodSpan(random, runId), ...odd()]);
  return { resourceSpans: [group(odd()), good] };
}

/** The same in OTLP's JSON form with a group in front that is none. */
export function withBrokenGroup(random: Random, request: OtlpJson): OtlpJson {
  const broken = random.pick<unknown>([
    null,
    7,
    [],
    { scopeSpans: 3 },
    { scopeSpans: [null] },
    { scopeSpans: [{ spans: {} }] },
    { resource: { attributes: "x" }, scopeSpans: [] },
    { resource: { attributes: [{ key: 1 }] } },
  ]);
  return { resourceSpans: [broken, ...(request.resourceSpans as unknown[])] };
}

const logEvents = [
  "evenkeel.review",
  "evenkeel.outcome",
  "gen_ai.evaluation.result",
  "gen_ai.client.inference.operation.details",
  "gen_ai.user.message",
  "gen_ai.choice",
  "constructor",
  "",
];

/** A log export. */
export function anyLogs(random: Random): OtlpJson {
  const record = () => ({
    timeUnixNano: "1795164000000000000",
    eventName: random.pick(logEvents),
    traceId: random.pick(["", "ab".repeat(16)]),
    spanId: random.pick(["", "cd".repeat(8)]),
    attributes: anyAttributes(random, random.below(6)),
  });
  return { resourceLogs: [{ scopeLogs: [{ logRecords: Array.from({ length: random.below(4) }, record) }] }] };
}

const runMembers = [
  "run_id",
  "workflow",
  "inputs",
  "outputs",
  "status",
  "error",
  "started_at",
  "ended_at",
  "version",
  "prompt",
  "model",
  "settings",
  "confidence",
  "cost_usd",
  "steps",
  "mode",
  "attributes",
  "reviews",
  "outcomes",
  "session_id",
  "trace_id",
];

/** A body of `POST /v1/runs`: odd runs, some nearly right, around a good one. */
export function anyRuns(random: Random, runId: string): unknown[] {
  const odd = (): unknown => {
    if (random.chance(0.1)) return anyJson(random);
    const run: Record<string, unknown> = {
      workflow: "odd",
      inputs: anyJson(random),
      outputs: anyJson(random),
    };
    for (let count = random.below(6); count > 0; count -= 1) run[random.pick(runMembers)] = anyJson(random);
    if (random.chance(0.2)) run.steps = [{ name: random.pick(["s", ""]), inputs: anyJson(random) }];
    if (random.chance(0.2)) run.reviews = [{ verdict: "edited", output: anyJson(random) }];
    return run;
  };
  const good = { run_id: runId, workflow: "good", inputs: { a: 1 }, outputs: { b: "x" } };
  const before = Array.from({ length: random.below(4) }, odd);
  return [...before, good, ...Array.from({ length: random.below(4) }, odd)];
}

/** Bytes with a few of them changed, lost or doubled. */
export function mutate(random: Random, bytes: Uint8Array): Buffer {
  let mutated = Buffer.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const at = random.below(mutated.length + 1);
    const kind = random.below(4);
    if (kind === 0 && mutated.length > 0) mutated[at % mutated.length] = random.below(256);
    else if (kind === 1)
      mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + random.below(9))]);
    else if (kind === 2)
      mutated = Buffer.concat([mutated.subarray(0, at), random.bytes(random.below(9)), mutated.subarray(at)]);
    else mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(Math.max(0, at - 20))]);
  }
  return mutated;
}

/** What stands wherever the configuration has a secret. */
export const configSecret = "hunter2-in-the-clear";

/** A configuration that is right but for a few places. */
export function anyConfig(random: Random): unknown {
  const config = {
    port: 4318,
    keys: [{ name: "ana", sha256: configSecret, scopes: ["admin"] }],
    routes: {
      slack: { bot_token: configSecret, channel: "c", signing_secret: configSecret },
      webhook: { url: "https://hooks.example/x", secret: configSecret },
    },
    limits: { body_bytes_max: 100_000 },
    quiet_hours: { from: "20:00", to: "07:00", timezone: "Europe/Berlin" },
    redaction: { fields: ["input.name"] },
    workflows: {
      triage: {
        owner: "ana",
        pause: {
          mode: "on",
          secret: configSecret,
          adapter: { platform: "n8n", url: "https://n8n.example", id: "7", token: configSecret },
        },
        contract: { outputs: { total: { minimum: 0, pattern: "^x$" } } },
      },
    },
  };
  if (random.chance(0.7)) config.keys = [];
  let tree: unknown = config;
  for (let count = random.below(3); count > 0; count -= 1) tree = replaceOne(random, tree);
  return tree;
}

/** Replaces one node of a tree by anything, or hangs a secret in its place. */
function replaceOne(random: Random, node: unknown): unknown {
  if (typeof node !== "object" || node === null || random.chance(0.15)) {
    const isSecret = JSON.stringify(node ?? null).includes(configSecret);
    return isSecret && random.chance(0.5) ? [configSecret] : anyJson(random, 3);
  }
  const keys = Object.keys(node);
  const key = keys.length === 0 ? "x" : random.pick(keys);
  const copy = (Array.isArray(node) ? [...(node as unknown[])] : { ...node }) as Record<string, unknown>;
  copy[key] = replaceOne(random, copy[key]);
  return copy;
}
