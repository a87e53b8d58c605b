import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { context, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";
import { createClient } from "../../src/client.ts";
import { openReceiver } from "../otlp-receiver.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Runs a program of its own process that uses the SDK from source. */
function runHost(program: string, env: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  const source = `import * as sdk from "./sdk/src/index.ts";\n${program}`;
  return run(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", source], {
    cwd: root,
    env: { ...process.env, ...env },
  });
}

describe("a host process", () => {
  it("sends what is waiting when it ends by itself", async () => {
    const receiver = await openReceiver();
    await runHost(`sdk.observe((text) => ({ text }), { workflow: "short" })({ text: "hello" });`, {
      EVENKEEL_ENDPOINT: receiver.endpoint,
    });
    expect(receiver.spans.map(({ name }) => name)).toEqual(["short"]);
    await receiver.close();
  });

  it("ends although no sidecar listens, and is told that runs were not sent", async () => {
    const receiver = await openReceiver();
    await receiver.close();
    const { stdout } = await runHost(
      `sdk.observe(() => 1, { workflow: "short" })();
       process.on("exit", () => console.log(JSON.stringify(sdk.stats())));`,
      { EVENKEEL_ENDPOINT: receiver.endpoint },
    );
    expect(JSON.parse(stdout)).toMatchObject({ waiting: 1, delivered: 0 });
  });

  it("warns once when runs are dropped", async () => {
    const receiver = await openReceiver();
    receiver.answer = () => ({ status: 401 });
    const { stderr } = await runHost(
      `const run = sdk.observe(() => 1, { workflow: "short" });
       run(); await sdk.flush(); run(); await sdk.flush();`,
      { EVENKEEL_ENDPOINT: receiver.endpoint },
    );
    expect(stderr.match(/EvenkeelWarning/g)).toHaveLength(1);
    await receiver.close();
  });

  it("may configure the SDK after functions were observed", async () => {
    const receiver = await openReceiver();
    await runHost(
      `const run = sdk.observe(() => 1, { workflow: "late" });
       sdk.configure({ endpoint: ${JSON.stringify(receiver.endpoint)} });
       run(); await sdk.shutdown();`,
      {},
    );
    expect(receiver.spans.map(({ name }) => name)).toEqual(["late"]);
    await receiver.close();
  });
});

describe("joinHost", () => {
  afterEach(() => {
    trace.disable();
    context.disable();
  });

  it("joinHost writes runs and steps as spans of the host's provider", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    trace.setGlobalTracerProvider(provider);
    const client = createClient({ joinHost: true });
    const fails = client.observe(
      async () => {
        client.step("call", () => ({ ok: true }), { kind: "tool" });
        throw new Error("no");
      },
      { workflow: "joined" },
    );
    await expect(fails()).rejects.toThrow("no");
    const [call, joined] = exporter.getFinishedSpans();
    expect(call?.attributes).toMatchObject({ "evenkeel.step": "call", "evenkeel.output": '{"ok":true}' });
    expect(joined?.attributes).toMatchObject({ "evenkeel.workflow": "joined", "evenkeel.input": "{}" });
    expect(joined?.status).toEqual({ code: 2, message: "no" });
    expect(joined?.events[0]?.name).toBe("exception");
  });

  it("joinHost counts runs that no provider of the host records", () => {
    const client = createClient({ joinHost: true });
    expect(client.observe(() => 5, { workflow: "w" })()).toBe(5);
    expect(client.stats().dropped.not_recorded).toBe(1);
  });
});
