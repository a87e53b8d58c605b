/**
 * A load generator, in a process of its own: runs over kept-alive connections, each of which sends its next request once
 * the last was answered. A request that was refused is sent again, as a client would.
 *
 *   node --import tsx bench/load.ts '{"url":"http://127.0.0.1:4318","seconds":10,"form":"gzip"}'
 *
 * Prints one line of JSON (`LoadResult`).
 */
import { randomFillSync } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { otlpBody, otlpJsonBody, plainBody, type RequestBody } from "./otlp-body.ts";

/** How the runs are sent. */
export type Form = "protobuf" | "gzip" | "json" | "plain";

interface Sending {
  path: string;
  headers: Record<string, string>;
  make: (runs: number, runBytes: number, seed: number) => RequestBody;
}

const protobuf = { "content-type": "application/x-protobuf" };
const json = { "content-type": "application/json" };
const sendings: Record<Form, Sending> = {
  protobuf: { path: "/v1/traces", headers: protobuf, make: otlpBody },
  gzip: { path: "/v1/traces", headers: { ...protobuf, "content-encoding": "gzip" }, make: otlpBody },
  json: { path: "/v1/traces", headers: json, make: otlpJsonBody },
  plain: { path: "/v1/runs", headers: json, make: plainBody },
};
const zip = promisify(gzip);

/** What to send. */
export interface LoadOptions {
  /** Where the sidecar is. */
  url: string;
  seconds: number;
  form?: Form;
  connections?: number;
  runsPerRequest?: number;
  runBytes?: number;
}

/** What came of it. */
export interface LoadResult {
  runsAcknowledged: number;
  seconds: number;
  bytesPerRun: number;
  refusals: number;
  /** Of the generator itself, warm. */
  cpuUsPerRun: number;
  latencyMsP50: number;
  latencyMsP99: number;
  latencyMsMax: number;
}

const bodiesPerConnection = 8;

async function generate(options: LoadOptions): Promise<LoadResult> {
  const { url, seconds, connections = 16, runsPerRequest = 20, runBytes = 2000, form = "protobuf" } = options;
  const { path, headers, make } = sendings[form];
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latenciesMs: number[] = [];
  let refusals = 0;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;

  async function connection(name: number): Promise<void> {
    const bodies = Array.from({ length: bodiesPerConnection }, (_, i) =>
      make(runsPerRequest, runBytes, name * bodiesPerConnection + i),
    );
    for (let i = 0; performance.now() < endMs; i++) {
      const body = bodies[i % bodies.length];
      body?.renew((place) => randomFillSync(place));
      if (body === undefined) break;
      const bytes = form === "gzip" ? await zip(body.bytes, { level: 1 }) : body.bytes;
      const sentMs = performance.now();
      for (;;) {
        const status = await post(`${url}${path}`, agent, headers, bytes);
        if (status === 200) break;
        if (status !== 429 && status !== 503) throw new Error(`Cannot load '${url}': it answers ${status}`);
        refusals++;
        await delay(200);
      }
      latenciesMs.push(performance.now() - sentMs);
    }
  }

  await Promise.all(Array.from({ length: connections }, (_, name) => connection(name)));
  const elapsed = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  agent.destroy();
  latenciesMs.sort((a, b) => a - b);
  const quantile = (q: number) =>
    latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * q))] ?? 0;
  return {
    runsAcknowledged: latenciesMs.length * runsPerRequest,
    seconds: elapsed,
    bytesPerRun: Math.round(make(runsPerRequest, runBytes, 0).bytes.length / runsPerRequest),
    refusals,
    cpuUsPerRun: (user + system) / Math.max(1, latenciesMs.length * runsPerRequest),
    latencyMsP50: quantile(0.5),
    latencyMsP99: quantile(0.99),
    latencyMsMax: quantile(1),
  };
}

function post(url: string, agent: Agent, headers: Record<string, string>, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent,
      method: "POST",
      headers: { ...headers, "content-length": body.length },
    });
    sent.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

if (process.argv[2] !== undefined) {
  const result = await generate(JSON.parse(process.argv[2]) as LoadOptions);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
