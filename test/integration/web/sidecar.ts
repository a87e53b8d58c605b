import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { type App, createApp } from "../../../src/app.ts";
import { type Config, configSchema } from "../../../src/config.ts";
import { type Clock, systemClock } from "../../../src/model/clock.ts";

/** A sidecar with everything real, on a free port and in a folder of its own. */
export interface Sidecar {
  app: App;
  url: string;
  /** Sends runs, and resolves once they are in the store. */
  send(runs: object[], query?: string): Promise<void>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: object, headers?: Record<string, string>): Promise<Response>;
  /** A page's HTML. */
  page(path: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a sidecar; `more` is merged over an otherwise empty configuration. */
export async function startSidecar(
  more: Partial<Record<keyof Config, unknown>> = {},
  clock: Clock = systemClock,
  wallClock: Clock = systemClock,
): Promise<Sidecar> {
  const data = mkdtempSync(join(tmpdir(), "evenkeel-web-"));
  const config = configSchema.parse({ host: "127.0.0.1", port: 0, data, sweep_seconds: 0.5, ...more });
  const app = await createApp({ config, clock, wallClock, log: pino({ level: "silent" }) });
  const url = await app.listen();
  const headers = { "content-type": "application/json" };
  return {
    app,
    url,
    async send(runs, query = "") {
      const body = JSON.stringify(runs);
      const answer = await fetch(`${url}/v1/runs${query}`, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`Cannot send runs: ${answer.status} ${await answer.text()}`);
      await app.parts.writer()?.flush();
    },
    get: (path, more = {}) => fetch(`${url}${path}`, { headers: more, redirect: "manual" }),
    post: (path, body, more = {}) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { ...headers, ...more },
        body: JSON.stringify(body),
      }),
    async page(path) {
      const answer = await fetch(`${url}${path}`, { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(`Cannot read ${path}: ${answer.status} ${await answer.text()}`);
      return answer.text();
    },
    async stop() {
      await app.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
