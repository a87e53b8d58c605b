/**
 * A load generator, in a process of its own: OTLP/HTTP protobuf over kept-alive connections, each of which sends its
 * next request once the last was answered. A request that was refused is sent again, as a client would.
 *
 *   node --import tsx bench/load.ts '{"url":"http://127.0.0.1:4318/v1/traces","seconds":10}'
 *
 * Prints one line of JSON (`LoadResult`).
 */
import { randomFillSync } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { otlpBody } from "./otlp-body.ts";

/** What to send. */
export interface LoadOptions {
  url: string;
  seconds: number;
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
  const { url, seconds, connections = 16, runsPerRequest = 20, runBytes = 2000 } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latenciesMs: number[] = [];
  let refusals = 0;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;

  async function connection(name: number): Promise<void> {
    const bodies = Array.from({ length: bodiesPerConnection }, (_, i) =>
      otlpBody(runsPerRequest, runBytes, name * bodiesPerConnection + i),
    );
    for (let i = 0; performance.now() < endMs; i++) {
      const body = bodies[i % bodies.length];
      body?.renew((place) => randomFillSync(place));
      const sentMs = performance.now();
      while (body !== undefined && (await post(url, agent, body.bytes)) !== 200) {
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
    bytesPerRun: Math.round(otlpBody(runsPerRequest, runBytes, 0).bytes.length / runsPerRequest),
    refusals,
    cpuUsPerRun: (user + system) / Math.max(1, latenciesMs.length * runsPerRequest),
    latencyMsP50: quantile(0.5),
    latencyMsP99: quantile(0.99),
    latencyMsMax: quantile(1),
  };
}

function post(url: string, agent: Agent, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent,
      method: "POST",
      headers: { "content-type": "application/x-protobuf", "content-length": body.length },
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
