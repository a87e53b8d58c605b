import type { ModelCall } from "./model-call.ts";
import { createRecentMap } from "./recent-map.ts";

/**
 * The model calls of traces whose run has not come yet. Spans leave their process as they end, and content may travel
 * in log records of their own, so a run is told in several requests.
 */
export interface RecentCalls {
  /** Adds a call, or to a call what the other of its span and its log records did not say. */
  add(call: ModelCall): void;
  /** The calls of a trace, with those that have just come. */
  join(traceId: string, calls: readonly ModelCall[]): ModelCall[];
  get(traceId: string, spanId: string): ModelCall | undefined;
  forget(traceId: string): void;
}

/** Creates the memory. Bounded by the text that it holds: what was told longest ago is forgotten first. */
export function createRecentCalls(charactersMax = 32 * 1024 * 1024): RecentCalls {
  const traces = createRecentMap<Map<string, ModelCall>>(charactersMax, (calls) => {
    const newest = [...calls.values()].at(-1);
    return newest === undefined ? 0 : 200 + JSON.stringify([newest.inputs, newest.outputs]).length;
  });
  return {
    add(call) {
      const calls = traces.get(call.traceId) ?? new Map<string, ModelCall>();
      const before = calls.get(call.spanId);
      // Deleted first, so that the newest is the last and weighs once.
      calls.delete(call.spanId);
      calls.set(call.spanId, before === undefined ? call : merged(before, call));
      traces.set(call.traceId, calls);
    },
    join(traceId, calls) {
      const known = traces.get(traceId);
      if (known === undefined && calls.length === 0) return [];
      const joined = new Map(known);
      for (const call of calls) {
        const before = joined.get(call.spanId);
        joined.set(call.spanId, before === undefined ? call : merged(before, call));
      }
      return [...joined.values()];
    },
    get: (traceId, spanId) => traces.get(traceId)?.get(spanId),
    forget: (traceId) => traces.delete(traceId),
  };
}

/** The span knows its figures, the log records know the content. */
function merged(a: ModelCall, b: ModelCall): ModelCall {
  const [figures, content] = a.version === null ? [b, a] : [a, b];
  return {
    ...figures,
    inputs: figures.inputs ?? content.inputs,
    outputs: figures.outputs ?? content.outputs,
  };
}
