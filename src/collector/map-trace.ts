import type { Run, Step } from "../model/run.ts";
import { keys, own, resource } from "./attributes.ts";
import type { Content } from "./content.ts";
import { readContent } from "./content.ts";
import { mapSpanLabels } from "./map-labels.ts";
import type { Mapped } from "./mapped.ts";
import { skip } from "./mapped.ts";
import type { OtlpSpan } from "./otlp.ts";
import type { SpanKind } from "./read-span.ts";
import {
  countOf,
  errorOf,
  keptAttributes,
  modeOf,
  numberOf,
  spanKind,
  stepKind,
  textOf,
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
 * Everything else with content is a step. A span that says nothing of an automation (http, db) is skipped.
 */
export function mapTrace(spans: OtlpSpan[], arrivedAtMs: number, mapped: Mapped): void {
  const nodes = new Map<string, Node>();
  for (const span of spans) nodes.set(span.spanId, readNode(span));
  const runs = [...nodes.values()].filter((node) => node.role === "run");
  const traceRun = runs.length === 1 ? runs[0]?.runId : undefined;
  const top = runs.length > 0 ? null : topOf(nodes);
  for (const node of nodes.values()) {
    const traceId = node.span.traceId;
    const runId = node.runId || ancestorRunId(node, nodes) || traceRun || traceId;
    mapNodeLabels(node, node.role === "none" && node.runId === "" ? "" : runId, mapped);
    if (node.role === "run") mapped.runs.push(runOf(node, node.runId, "sdk", arrivedAtMs));
    else if (node === top?.node) mapTop(node, top.isSettled, arrivedAtMs, spansBelow(nodes, node), mapped);
    else if (node.role === "none") skip(mapped, "no_content");
    else mapped.steps.push(stepOf(node, runId, arrivedAtMs));
  }
}

function readNode(span: OtlpSpan): Node {
  const { attributes } = span;
  const content = readContent(span);
  const runId = textOf(attributes, [own.runId]);
  const kind = spanKind(attributes);
  const says = content.inputs !== undefined || content.outputs !== undefined || kind !== null;
  const base = { span, content, kind, runId };
  if (runId !== "" && textOf(attributes, [own.workflow]) !== "" && !attributes.has(own.step)) {
    return { ...base, role: "run" };
  }
  if (runId !== "" && attributes.has(own.step)) return { ...base, role: "step" };
  return { ...base, role: says ? "kept" : "none" };
}

function mapTop(node: Node, isSettled: boolean, arrivedAtMs: number, below: Node[], mapped: Mapped) {
  const { traceId } = node.span;
  const run = withFiguresOf(runOf(node, node.runId || traceId, "otel", arrivedAtMs), below);
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
  if (node.span.events.length === 0) return;
  for (const label of mapSpanLabels(node.span, runId, workflowOf(node.span))) {
    if (label === null) continue;
    if (label.kind === "bad") mapped.bad.push({ reason: label.reason, body: node.span.spanId });
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

function spansBelow(nodes: Map<string, Node>, top: Node): Node[] {
  return [...nodes.values()].filter((node) => node !== top && node.role === "kept");
}

function runOf(node: Node, runId: string, source: Run["source"], arrivedAtMs: number): Run {
  const { span, content } = node;
  const { attributes } = span;
  const [startedAtMs, endedAtMs] = usableTimes(span.startMs, span.endMs, arrivedAtMs);
  const version = versionOf(span);
  return {
    runId,
    workflow: workflowOf(span),
    mode: modeOf(attributes.get(own.mode)),
    source,
    traceId: span.traceId,
    spanId: span.spanId,
    status: span.failed ? "error" : "ok",
    error: errorOf(span),
    startedAtMs,
    endedAtMs,
    receivedAtMs: arrivedAtMs,
    inputs: content.inputs ?? null,
    outputs: content.outputs ?? null,
    version,
    modelResolved: textOf(attributes, keys.modelResolved),
    confidence: numberOf(attributes, [own.confidence]),
    inputTokens: countOf(attributes, keys.inputTokens),
    outputTokens: countOf(attributes, keys.outputTokens),
    costUsd: numberOf(attributes, keys.costUsd),
    retries: countOf(attributes, [own.retries]) ?? 0,
    sessionId: textOf(attributes, keys.session),
    attributes: keptAttributes(span),
    steps: [],
  };
}

function workflowOf(span: OtlpSpan): string {
  return textOf(span.attributes, keys.workflow) || textOf(span.resource, [resource.service]);
}

/** A workflow's root span often leaves model and tokens to the model calls below it. */
function withFiguresOf(run: Run, below: Node[]): Run {
  const models = below.filter((node) => node.kind === "model");
  if (models.length === 0) return run;
  const sum = (names: readonly string[]) =>
    models.reduce<number | null>((total, node) => {
      const count = countOf(node.span.attributes, names);
      return count === null ? total : (total ?? 0) + count;
    }, null);
  const resolved = new Set(models.map((node) => textOf(node.span.attributes, keys.modelResolved)));
  const [onlyResolved = ""] = resolved.size === 1 ? resolved : [];
  return {
    ...run,
    modelResolved: run.modelResolved || onlyResolved,
    inputTokens: run.inputTokens ?? sum(keys.inputTokens),
    outputTokens: run.outputTokens ?? sum(keys.outputTokens),
  };
}

function stepOf(node: Node, runId: string, arrivedAtMs: number): Step {
  const { span, content } = node;
  const { attributes } = span;
  const [startedAtMs, endedAtMs] = usableTimes(span.startMs, span.endMs, arrivedAtMs);
  return {
    stepId: `${span.traceId}/${span.spanId}`,
    runId,
    workflow: workflowOf(span),
    name: textOf(attributes, keys.stepName) || span.name,
    kind: stepKind(attributes),
    status: span.failed ? "error" : "ok",
    error: errorOf(span),
    startedAtMs,
    endedAtMs,
    inputs: content.inputs ?? null,
    outputs: content.outputs ?? null,
    retries: countOf(attributes, [own.retries]) ?? 0,
    model: textOf(attributes, keys.modelResolved) || textOf(attributes, keys.model),
    inputTokens: countOf(attributes, keys.inputTokens),
    outputTokens: countOf(attributes, keys.outputTokens),
    attributes: keptAttributes(span),
  };
}
