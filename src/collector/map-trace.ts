import type { Run, Step } from "../model/run.ts";
import { keys, kindKeys, own, resource } from "./attributes.ts";
import type { Content } from "./content.ts";
import { readContent } from "./content.ts";
import { mapAnnotations } from "./map-annotations.ts";
import { mapSpanLabels } from "./map-labels.ts";
import type { Mapped } from "./mapped.ts";
import { skip } from "./mapped.ts";
import type { ModelCall } from "./model-call.ts";
import type { OtlpSpan } from "./otlp.ts";
import type { SpanKind } from "./read-span.ts";
import {
  countOf,
  errorOf,
  hasFailed,
  keptAttributes,
  modelOf,
  modeOf,
  numberOf,
  spanKind,
  stepKind,
  textOf,
  usageOf,
  versionOf,
} from "./read-span.ts";
import { usableTimes } from "./times.ts";

/** One span with what it is to its trace. */
interface Node {
  span: OtlpSpan;
  content: Content;
  kind: SpanKind;
  /** Its own `evenkeel.run.id`, or "". */
  runId: string;
  role: "run" | "step" | "kept" | "none";
}

/** How far up a trace is looked for the run of a span; longer chains (or rings) are cut. */
const ancestorsMax = 64;

/**
 * Maps the spans of one trace, as far as one request brings them, to runs, steps and labels. A run is
 *
 * 1. a span of the SDK that names workflow and run; otherwise
 * 2. the trace's topmost span with content, workflows and agents first, under the trace's id. Where its parent is in
 *    this process and not in this request, it is a candidate only: the parent may be the run.
 *
 * Everything else with content is a step. A span that says nothing of an automation (http, db) is skipped. Model calls of
 * a run of the second kind are told apart too, since they may speak for it (`completeRun`).
 */
export function mapTrace(spans: OtlpSpan[], arrivedAtMs: number, mapped: Mapped): void {
  const nodes = new Map<string, Node>();
  for (const span of spans) {
    if (nodes.has(span.spanId)) skip(mapped, "duplicate_span");
    else nodes.set(span.spanId, readNode(span));
  }
  const runs = [...nodes.values()].filter((node) => node.role === "run");
  const traceRun = runs.length === 1 ? runs[0]?.runId : undefined;
  const top = runs.length > 0 ? null : topOf(nodes);
  for (const node of nodes.values()) {
    const traceId = node.span.traceId;
    const runId = node.runId || ancestorRunId(node, nodes) || traceRun || traceId;
    mapNodeLabels(node, node.role === "none" && node.runId === "" ? "" : runId, mapped);
    if (node.role === "run") mapped.runs.push(runOf(node, node.runId, "sdk", arrivedAtMs));
    else if (node === top?.node) mapTop(node, top.isSettled, arrivedAtMs, mapped);
    else if (node.role === "none") skip(mapped, "no_content");
    else mapped.steps.push(stepOf(node, runId, arrivedAtMs));
    const speaks = runs.length === 0 && node.kind === "model" && node.role === "kept";
    if (speaks) mapped.calls.push(callOf(node));
  }
}

function readNode(span: OtlpSpan): Node {
  const { attributes } = span;
  const content = readContent(span);
  const runId = textOf(attributes, [own.runId]);
  const kind = spanKind(attributes);
  const says = content.inputs !== undefined || content.outputs !== undefined || kind !== null;
  const node: Node = { span, content, kind, runId, role: says ? "kept" : "none" };
  if (runId === "") return node;
  if (attributes.has(own.step)) node.role = "step";
  else if (textOf(attributes, [own.workflow]) !== "") node.role = "run";
  return node;
}

function mapTop(node: Node, isSettled: boolean, arrivedAtMs: number, mapped: Mapped) {
  const run = runOf(node, node.runId || node.span.traceId, "otel", arrivedAtMs);
  if (run.workflow === "") {
    mapped.bad.push({ reason: "no_workflow", body: run.spanId });
  } else if (isSettled) {
    mapped.runs.push(run);
  } else {
    mapped.steps.push(stepOf(node, run.runId, arrivedAtMs));
    mapped.candidates.push(run);
  }
}

function mapNodeLabels(node: Node, runId: string, mapped: Mapped) {
  const { span } = node;
  if (span.events.length === 0 && !span.attributes.has(kindKeys.openInference)) return;
  const workflow = workflowOf(node);
  for (const label of [...mapSpanLabels(span, runId, workflow), ...mapAnnotations(span, runId, workflow)]) {
    if (label === null) continue;
    if (label.kind === "bad") mapped.bad.push({ reason: label.reason, body: span.spanId });
    else mapped.labels.push(label);
  }
}

/** The run of the nearest ancestor that knows one. */
function ancestorRunId(node: Node, nodes: Map<string, Node>): string {
  let parent = nodes.get(node.span.parentSpanId);
  for (let count = 0; parent !== undefined && count < ancestorsMax; count += 1) {
    if (parent.runId !== "") return parent.runId;
    parent = nodes.get(parent.span.parentSpanId);
  }
  return "";
}

/** The topmost span with content. It is settled if nothing above it can still arrive from its own process. */
function topOf(nodes: Map<string, Node>): { node: Node; isSettled: boolean } | null {
  let best: { node: Node; isSettled: boolean } | null = null;
  for (const node of nodes.values()) {
    if (node.role !== "kept") continue;
    const above = lookUp(node, nodes);
    if (above.hasKept) continue;
    const entry = { node, isSettled: above.isSettled };
    if (
      best === null ||
      rank(entry) < rank(best) ||
      (rank(entry) === rank(best) && startsBefore(node, best.node))
    )
      best = entry;
  }
  return best;
}

function lookUp(node: Node, nodes: Map<string, Node>): { hasKept: boolean; isSettled: boolean } {
  let current = node;
  for (let count = 0; count < ancestorsMax; count += 1) {
    const { parentSpanId, parentIsRemote } = current.span;
    if (parentSpanId === "" || parentIsRemote) return { hasKept: false, isSettled: true };
    const parent = nodes.get(parentSpanId);
    if (parent === undefined) return { hasKept: false, isSettled: false };
    if (parent.role !== "none") return { hasKept: true, isSettled: true };
    current = parent;
  }
  return { hasKept: false, isSettled: true };
}

function rank({ node, isSettled }: { node: Node; isSettled: boolean }): number {
  const byKind = node.kind === "workflow" ? 0 : node.kind === "agent" ? 1 : 2;
  return (isSettled ? 0 : 3) + byKind;
}

function startsBefore(a: Node, b: Node): boolean {
  return a.span.startMs < b.span.startMs;
}

function runOf(node: Node, runId: string, source: Run["source"], arrivedAtMs: number): Run {
  const { span, content } = node;
  const { attributes } = span;
  const [startedAtMs, endedAtMs] = usableTimes(span.startMs, span.endMs, arrivedAtMs);
  return {
    runId,
    workflow: workflowOf(node),
    mode: modeOf(attributes.get(own.mode)),
    source,
    traceId: span.traceId,
    spanId: span.spanId,
    status: hasFailed(span) ? "error" : "ok",
    error: errorOf(span),
    startedAtMs,
    endedAtMs,
    receivedAtMs: arrivedAtMs,
    inputs: content.inputs ?? null,
    outputs: content.outputs ?? null,
    version: versionOf(span),
    modelResolved: textOf(attributes, keys.modelResolved),
    confidence: numberOf(attributes, [own.confidence]),
    ...usageOf(attributes),
    retries: countOf(attributes, [own.retries]) ?? 0,
    sessionId: textOf(attributes, keys.session),
    businessKey: textOf(attributes, [own.businessKey]),
    attributes: keptAttributes(span),
    steps: [],
  };
}

/**
 * The workflow's name: the one given, or that of the service. Between them stands the name of the topmost span where a
 * vocabulary names what it observes by nothing else (OpenInference, Langfuse); not of a model call, which is named after
 * the library.
 */
function workflowOf({ span, kind }: Node): string {
  const { attributes } = span;
  const given = textOf(attributes, keys.workflow) || textOf(span.resource, [resource.workflow]);
  if (given !== "") return given;
  const namesByHand = attributes.has(kindKeys.openInference) || attributes.has(kindKeys.langfuse);
  const isTop = span.parentSpanId === "" || span.parentIsRemote;
  if (namesByHand && isTop && kind !== "model" && kind !== "tool") return span.name;
  return textOf(span.resource, [resource.service]);
}

function callOf({ span, content }: Node): ModelCall {
  const { attributes } = span;
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    startedAtMs: span.startMs,
    endedAtMs: span.endMs,
    inputs: content.inputs ?? null,
    outputs: content.outputs ?? null,
    version: versionOf(span),
    modelResolved: textOf(attributes, keys.modelResolved),
    ...usageOf(attributes),
    sessionId: textOf(attributes, keys.session),
  };
}

/** Where a step reads or writes, for the data map; an attribute of the caller's own wins. */
function sourceOf(attributes: OtlpSpan["attributes"]): { source?: string } {
  const source = textOf(attributes, keys.source);
  return source === "" ? {} : { source };
}

function stepOf(node: Node, runId: string, arrivedAtMs: number): Step {
  const { span, content } = node;
  const { attributes } = span;
  const [startedAtMs, endedAtMs] = usableTimes(span.startMs, span.endMs, arrivedAtMs);
  const { inputTokens, outputTokens } = usageOf(attributes);
  return {
    stepId: `${span.traceId}/${span.spanId}`,
    runId,
    workflow: workflowOf(node),
    name: textOf(attributes, keys.stepName) || span.name,
    kind: stepKind(attributes),
    status: hasFailed(span) ? "error" : "ok",
    error: errorOf(span),
    startedAtMs,
    endedAtMs,
    inputs: content.inputs ?? null,
    outputs: content.outputs ?? null,
    retries: countOf(attributes, [own.retries]) ?? 0,
    model: textOf(attributes, keys.modelResolved) || modelOf(attributes),
    inputTokens,
    outputTokens,
    attributes: Object.assign(sourceOf(attributes), keptAttributes(span)),
  };
}
