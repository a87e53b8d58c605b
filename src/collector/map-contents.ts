import { createHash } from "node:crypto";
import type { Json } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import { choiceEvent, contentEvents, keys, messageEvents, resource } from "./attributes.ts";
import { contentOf, simplifyMessages } from "./content.ts";
import type { Mapped } from "./mapped.ts";
import { skip } from "./mapped.ts";
import type { OtlpLog } from "./otlp.ts";
import { textOf } from "./read-span.ts";
import { usableTimes } from "./times.ts";

/** What the log records of one span say of its content. */
interface Said {
  log: OtlpLog;
  lastMs: number;
  inputs: Json;
  outputs: Json;
  /** Messages that came one by one. */
  given: Json[];
  answered: Json[];
}

/**
 * Maps the log records that carry the content of model calls apart from their spans: one record for a call
 * (`gen_ai.client.inference.operation.details`), or one for each message (conventions up to 1.36). All others are
 * counted and not kept.
 *
 * @param guard Runs the work on one trace, which alone may suffer from what is in it.
 */
export function mapContents(
  logs: readonly OtlpLog[],
  arrivedAtMs: number,
  mapped: Mapped,
  guard: (traceId: string, work: () => void) => void,
): void {
  const spans = new Map<string, Said>();
  for (const log of logs) {
    const name = nameOf(log);
    const isContent = contentEvents.has(name) || Object.hasOwn(messageEvents, name) || name === choiceEvent;
    if (!isContent || log.traceId === "" || log.spanId === "") {
      skip(mapped, "not_a_label");
      continue;
    }
    const id = `${log.traceId}/${log.spanId}`;
    const said = spans.get(id) ?? newSaid(log);
    spans.set(id, said);
    guard(log.traceId, () => listen(said, log, name));
  }
  for (const [id, said] of spans) guard(said.log.traceId, () => addContent(id, said, arrivedAtMs, mapped));
}

function newSaid(log: OtlpLog): Said {
  return { log, lastMs: log.timeMs, inputs: null, outputs: null, given: [], answered: [] };
}

function nameOf(log: OtlpLog): string {
  return log.eventName || textOf(log.attributes, ["event.name"]);
}

function listen(said: Said, log: OtlpLog, name: string): void {
  said.lastMs = Math.max(said.lastMs, log.timeMs);
  const role = messageEvents[name];
  const body = isJsonObject(log.body) ? log.body : {};
  if (role !== undefined) {
    said.given.push({ role, ...body });
  } else if (name === choiceEvent) {
    said.answered.push({ role: "assistant", ...(isJsonObject(body.message) ? body.message : {}) });
  } else {
    const content = contentOf(log.attributes);
    said.inputs ??= content.inputs ?? null;
    said.outputs ??= content.outputs ?? null;
  }
}

function addContent(id: string, said: Said, arrivedAtMs: number, mapped: Mapped): void {
  const { log, given, answered } = said;
  const inputs = said.inputs ?? (given.length === 0 ? null : simplifyMessages(given));
  const outputs = said.outputs ?? (answered.length === 0 ? null : simplifyMessages(answered));
  if (inputs === null && outputs === null) {
    skip(mapped, "not_a_label");
    return;
  }
  const [startedAtMs, endedAtMs] = usableTimes(log.timeMs, said.lastMs, arrivedAtMs);
  const content = { inputs, outputs, startedAtMs, endedAtMs };
  const figures = { inputTokens: null, outputTokens: null };
  mapped.contents.push({
    call: {
      ...content,
      ...figures,
      traceId: log.traceId,
      spanId: log.spanId,
      version: null,
      modelResolved: "",
      costUsd: null,
      sessionId: "",
    },
    step: {
      ...content,
      ...figures,
      // The same records sent again have the same id; more of the same span are another step.
      stepId: `${id}/log-${hashOf([inputs, outputs])}`,
      runId: log.traceId,
      workflow: textOf(log.attributes, keys.workflow) || textOf(log.resource, [resource.service]),
      name: nameOf(log),
      kind: "model",
      status: "ok",
      error: null,
      retries: 0,
      model: textOf(log.attributes, keys.modelResolved) || textOf(log.attributes, keys.model),
      attributes: {},
    },
  });
}

function hashOf(value: Json): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}
