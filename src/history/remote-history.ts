import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { minuteMs } from "../model/clock.ts";
import { PermanentError, TransientError } from "../model/errors.ts";
import { within } from "../model/within.ts";
import type { History, HistoryKind, HistoryQuery, HistoryRows } from "./port.ts";

/** Where the sidecar is, and the key that it asks for. */
export interface RemoteHistoryOptions {
  /** Base address: `http://localhost:4318`. */
  url: string;
  /** A key with the scope `review`, "" for none. */
  key: string;
}

/** A long history takes a while to be gathered, and to be read; this long nothing comes only of what is lost. */
const silenceMsMax = 5 * minuteMs;

/** Creates a history that asks a running sidecar (`GET /v1/workflows/:workflow/history`). */
export function createRemoteHistory({ url, key }: RemoteHistoryOptions): History {
  const base = url.replace(/\/+$/, "");
  const headers: Record<string, string> = key === "" ? {} : { authorization: `Bearer ${key}` };
  const get = async (path: string): Promise<Response> => {
    const asked = within(silenceMsMax, (signal) => fetch(`${base}${path}`, { headers, signal }));
    const response = await asked.catch((cause: unknown) => {
      throw new TransientError(`Cannot reach '${url}'`, { cause });
    });
    if (response.ok) return response;
    const { status } = response;
    if (status >= 500) throw new TransientError(`Cannot read history: '${url}' answered ${status}`);
    throw new PermanentError(`Cannot read history: '${url}' answered ${status}`, {
      hint: status === 401 || status === 403 ? "Give a key with the scope 'review' with --key" : "",
    });
  };
  return {
    name: url,
    async workflows() {
      const response = await get("/v1/workflows");
      const answer = await within(
        silenceMsMax,
        () => response.json() as Promise<{ workflows: { workflow: string }[] }>,
      );
      return answer.workflows.map(({ workflow }) => workflow);
    },
    read: (kind, query) => readLines(get, kind, query),
    close: () => Promise.resolve(),
  };
}

async function* readLines<K extends HistoryKind>(
  get: (path: string) => Promise<Response>,
  kind: K,
  { workflow, fromMs, toMs, stepMs }: HistoryQuery,
): AsyncGenerator<HistoryRows[K], void> {
  const search = new URLSearchParams({
    what: kind,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    ...(stepMs === undefined ? {} : { step_minutes: String(stepMs / minuteMs) }),
  });
  const { body } = await get(`/v1/workflows/${encodeURIComponent(workflow)}/history?${search.toString()}`);
  if (body === null) return;
  try {
    for await (const line of createInterface({
      input: Readable.from(chunksOf(body)),
      crlfDelay: Infinity,
    })) {
      yield JSON.parse(line) as HistoryRows[K];
    }
  } catch (cause) {
    throw new TransientError("Cannot read history: the answer was cut off", { cause });
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await within(silenceMsMax, () => reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever stops reading lets go of the connection; what it says to that is of no interest any more.
    void reader.cancel().catch(() => undefined);
  }
}
