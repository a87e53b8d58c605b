import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { minuteMs } from "../model/clock.ts";
import { PermanentError, TransientError } from "../model/errors.ts";
import type { History, HistoryKind, HistoryQuery, HistoryRows } from "./port.ts";

/** Where the sidecar is, and the key that it asks for. */
export interface RemoteHistoryOptions {
  /** Base address: `http://localhost:4318`. */
  url: string;
  /** A key with the scope `review`, "" for none. */
  key: string;
}

/** Creates a history that asks a running sidecar (`GET /v1/workflows/:workflow/history`). */
export function createRemoteHistory({ url, key }: RemoteHistoryOptions): History {
  const base = url.replace(/\/+$/, "");
  const headers: Record<string, string> = key === "" ? {} : { authorization: `Bearer ${key}` };
  const get = async (path: string): Promise<Response> => {
    const response = await fetch(`${base}${path}`, { headers }).catch((cause: unknown) => {
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
      const answer = (await (await get("/v1/workflows")).json()) as { workflows: { workflow: string }[] };
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
      input: Readable.fromWeb(body),
      crlfDelay: Infinity,
    })) {
      yield JSON.parse(line) as HistoryRows[K];
    }
  } catch (cause) {
    throw new TransientError("Cannot read history: the answer was cut off", { cause });
  }
}
