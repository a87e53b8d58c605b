import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { dataFolder, eventually, startSidecar } from "../../sidecar.ts";
import { spanJson, tracesJson } from "../../unit/collector/harness.ts";
import { blocksOf } from "../recipes/recipe.ts";

const otelcol = process.env.OTELCOL ?? "";
const requests = 120;
const runsPerRequest = 20;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}

async function startCollector(config: string, folder: string): Promise<ChildProcess> {
  writeFileSync(join(folder, "config.yaml"), config);
  const child = spawn(otelcol, ["--config", "config.yaml"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Everything is ready")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`The Collector ended with ${code}: ${said}`)));
  });
  return child;
}

function exportOf(request: number): Uint8Array {
  const spans = Array.from({ length: runsPerRequest }, (_, index) => {
    const id = request * runsPerRequest + index + 1;
    return spanJson(id.toString(16).padStart(32, "0"), id.toString(16).padStart(16, "0"), {
      "evenkeel.workflow": "behind-collector",
      "evenkeel.run.id": `r${id}`,
      "evenkeel.input": JSON.stringify({ id, text: "x".repeat(200) }),
      "evenkeel.output": '{"category":"billing"}',
    });
  });
  return tracesJson(spans);
}

async function storedIds(url: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(`${url}/v1/runs?workflow=behind-collector&from=2020-01-01&limit=500${more}`);
    const page = (await answer.json()) as { runs: { run_id: string }[]; cursor: string | null };
    ids.push(...page.runs.map((run) => run.run_id));
    cursor = page.cursor;
  }
  return ids;
}

/** Kills the sidecar in the middle of a load and starts it again; answers the runs that it holds in the end. */
async function killedUnderLoad(changed: (recipe: string) => string): Promise<string[]> {
  const [recipe = ""] = await blocksOf("opentelemetry-collector.md", "yaml");
  const [http, grpc, otlp] = [await freePort(), await freePort(), await freePort()];
  const ports = { EVENKEEL_GRPC: "true", EVENKEEL_GRPC_PORT: String(grpc) };
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-otelcol-"));
  const disk = dataFolder();
  const config = changed(recipe)
    .replace("localhost:4317", `localhost:${await freePort()}`)
    .replace("localhost:4318", `localhost:${otlp}`)
    .replace("localhost:5317", `localhost:${grpc}`)
    .replace("localhost:5318", `localhost:${http}`);
  let sidecar = await startSidecar(disk.data, ["--port", String(http)], ports);
  const collector = await startCollector(config, folder);
  try {
    for (let request = 0; request < requests; request += 1) {
      if (request === requests / 3) await sidecar.kill();
      if (request === (requests * 2) / 3)
        sidecar = await startSidecar(disk.data, ["--port", String(http)], ports);
      const headers = { "content-type": "application/json" };
      const body = exportOf(request) as Uint8Array<ArrayBuffer>;
      const answer = await fetch(`http://localhost:${otlp}/v1/traces`, { method: "POST", headers, body });
      expect(answer.status).toBe(200);
    }
    return await eventually(async () => {
      const ids = await storedIds(sidecar.url);
      return ids.length >= requests * runsPerRequest && ids;
    });
  } finally {
    collector.kill();
    await sidecar.stop();
    rmSync(folder, { recursive: true });
    disk.remove();
  }
}

const overGrpc = (recipe: string) =>
  recipe
    .replaceAll("otlp_http/evenkeel", "otlp_grpc/evenkeel")
    .replace("endpoint: http://localhost:5318", "endpoint: localhost:5317\n    tls: { insecure: true }");

describe("opentelemetry-collector.md", () => {
  it("names in its pipelines what it configures, and gives up on nothing", async () => {
    const [recipe = ""] = await blocksOf("opentelemetry-collector.md", "yaml");
    const { receivers, exporters, extensions, service } = parse(recipe);
    for (const pipeline of Object.values<any>(service.pipelines)) {
      expect(Object.keys(receivers)).toEqual(pipeline.receivers);
      expect(Object.keys(exporters)).toEqual(pipeline.exporters);
    }
    expect(service.extensions).toEqual(Object.keys(extensions));
    const [{ retry_on_failure: retry, sending_queue: queue }] = Object.values<any>(exporters);
    expect(retry.max_elapsed_time).toBe("0s");
    expect(service.extensions).toContain(queue.storage);
    expect(queue.batch.max_size).toBeLessThan(20 * 1024 * 1024);
  });
});

function describeCollector(): void {
  describe("opentelemetry-collector.md", () => {
    const roads = [
      { why: "HTTP", changed: (recipe: string) => recipe },
      { why: "gRPC", changed: overGrpc },
    ];
    it.each(roads)(
      "loses and doubles nothing while the sidecar is killed under load, over $why",
      async ({ changed }) => {
        const ids = await killedUnderLoad(changed);
        expect(ids).toHaveLength(requests * runsPerRequest);
        expect(new Set(ids).size).toBe(requests * runsPerRequest);
      },
    );
  });
}

if (otelcol === "")
  process.stderr.write("Not tested: a Collector in front of the sidecar; OTELCOL names none\n");
else describeCollector();
