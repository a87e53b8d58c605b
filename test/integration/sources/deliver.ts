import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { startFakeModel } from "../../sources/capture/fake-model.mjs";
import { commandOf, environmentOf, sources } from "../../sources/capture/sources.mjs";

/** The folder that a capture left, with the instrumentation packages. */
const liveFolder = process.env.CAPTURE_DIR ?? "/tmp/evenkeel-capture";

/** Whether the programs themselves are run, and not what was captured of them. */
export const isLive = process.env.SOURCES === "live";

/** One HTTP request as it was captured. */
export interface CapturedRequest {
  path: string;
  headers: Record<string, string>;
  text?: string;
  base64?: string;
}

/** What a source sent, in order. */
export async function capturedRequests(source: string): Promise<CapturedRequest[]> {
  const file = new URL(`../../fixtures/sources/${source}.json`, import.meta.url);
  return (JSON.parse(await readFile(file, "utf8")) as { requests: CapturedRequest[] }).requests;
}

/** The bytes of a request. */
export function bodyOf({ text, base64, headers }: CapturedRequest): Buffer<ArrayBuffer> {
  const bytes = text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text);
  return headers["content-encoding"] === "gzip" ? gzipSync(bytes) : bytes;
}

/** Sends a request as its source did, and answers the status. */
export async function replay(url: string, request: CapturedRequest): Promise<number> {
  const { path, headers } = request;
  const answer = await fetch(url + path, { method: "POST", headers, body: bodyOf(request) });
  await answer.arrayBuffer();
  return answer.status;
}

/** Lets a source tell its runs to a sidecar: as it was captured, or live. Resolves once all of it is acknowledged. */
export async function deliver(source: string, url: string): Promise<void> {
  if (isLive) return runLive(source, url);
  for (const request of await capturedRequests(source)) {
    const status = await replay(url, request);
    if (status !== 200)
      throw new Error(`Cannot replay '${source}': the answer to ${request.path} is ${status}`);
  }
}

async function runLive(source: string, url: string): Promise<void> {
  const model = await startFakeModel();
  const { program } = sources[source] ?? { program: "" };
  const env = environmentOf(source, { otlpUrl: url, modelUrl: model.url });
  const child = spawn(commandOf(source, liveFolder), [program], { cwd: liveFolder, env, stdio: "ignore" });
  const [code] = (await once(child, "exit")) as [number];
  model.close();
  if (code !== 0) throw new Error(`Cannot run '${source}': its program ended with ${code}`);
}
