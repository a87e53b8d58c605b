import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../fuzz/random.ts";

/** What a client of the sidecar needs to know. */
export interface Load {
  /** Where the sidecar listens just now. */
  url: () => string;
  isOver: () => boolean;
  /** Takes the ids of runs that were acknowledged. */
  acknowledged: Set<string>;
  random: Random;
}

/** A client that sends until the load is over, and sends each request again until it is acknowledged. */
export type Send = (name: string, load: Load) => Promise<void>;

const runsPerRequest = 20;

/** Sends runs as plain JSON. */
export const sendRuns: Send = async (name, load) => {
  for (let request = 0; !load.isOver(); request++) {
    const ids = Array.from({ length: runsPerRequest }, (_, n) => `${name}-r${request}-${n}`);
    const runs = ids.map((run_id, n) => ({
      run_id,
      workflow: "killed",
      inputs: { n },
      outputs: { tier: n % 2 === 0 ? "a" : "b" },
    }));
    await acknowledge(load, "/v1/runs", runs, ids);
  }
};

/**
 * Sends traces whose root never comes, so that each becomes a run only after it has been waited for. Now and then a
 * second span of the trace follows.
 */
export const sendTraces: Send = async (name, load) => {
  for (let request = 0; !load.isOver(); request++) {
    const traceId = Buffer.from(`${name}-t${request}`.padEnd(16, ".")).toString("hex");
    await acknowledge(load, "/v1/traces", exportOf(traceId, "01"), [traceId]);
    if (load.random.chance(0.3)) await acknowledge(load, "/v1/traces", exportOf(traceId, "02"), [traceId]);
    await delay(20);
  }
};

async function acknowledge(load: Load, path: string, body: unknown, ids: readonly string[]): Promise<void> {
  while (!load.isOver()) {
    if (await post(load.url() + path, body)) {
      for (const id of ids) load.acknowledged.add(id);
      return;
    }
    await delay(20);
  }
}

/** Posts JSON; answers whether it was accepted, also where nobody listens. */
export function post(url: string, body: unknown): Promise<boolean> {
  const sent = fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return sent.then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}

/** One span of a model call whose parent lives in the same process and is not in the export. */
function exportOf(traceId: string, spanId: string): object {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const span = {
    traceId,
    spanId: spanId.padStart(16, "0"),
    parentSpanId: "ffffffffffffffff",
    flags: 0x101,
    name: "chat",
    startTimeUnixNano: "1795164000000000000",
    endTimeUnixNano: "1795164000250000000",
    attributes: [
      attribute("gen_ai.operation.name", "chat"),
      attribute("gen_ai.request.model", "gpt-5-mini"),
      attribute("input.value", "What is the status?"),
      attribute("output.value", "Open"),
    ],
  };
  return {
    resourceSpans: [
      { resource: { attributes: [attribute("service.name", "traced")] }, scopeSpans: [{ spans: [span] }] },
    ],
  };
}
