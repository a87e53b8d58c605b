import { readVerdict } from "../collector/labels.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { contentOf, listOf, memberOf, numberOf, objectOf, textOf, timeOf } from "./langfuse-record.ts";

/** What an export holds of one trace. */
export interface LangfuseTrace {
  traceId: string;
  /** Null where only its observations were exported. */
  trace: JsonObject | null;
  observations: JsonObject[];
  scores: JsonObject[];
}

const modelTypes = new Set(["GENERATION", "EMBEDDING"]);
const toolTypes = new Set(["TOOL", "RETRIEVER"]);
const attributesMax = 40;

/**
 * Makes a run of a trace, in the shape of `POST /v1/runs`: the trace is the run; its observations, but for the one at
 * the top, are the steps; scores are outcomes, and annotations that say approved, edited or rejected are reviews.
 */
export function langfuseRun({ traceId, trace, observations, scores }: LangfuseTrace): JsonObject {
  const whole = trace ?? {};
  const inOrder = [...observations].sort((a, b) => startOf(a) - startOf(b));
  const root = rootOf(inOrder);
  const steps = inOrder.filter((one) => one !== root);
  const models = inOrder.filter((one) => modelTypes.has(textOf(one, "type")));
  const prompted = models.find((one) => textOf(one, "promptName") !== "");
  const source = root ?? whole;
  const failure = [whole, source].find((one) => textOf(one, "level") === "ERROR");
  const startedAt = timeOf(whole, "timestamp") ?? (inOrder[0] === undefined ? null : startOf(inOrder[0]));
  return compact({
    run_id: traceId,
    trace_id: traceId.slice(0, 64),
    started_at: startedAt,
    ended_at: endOf(whole, inOrder, startedAt),
    inputs: contentOf(whole, "input") ?? contentOf(source, "input"),
    outputs: contentOf(whole, "output") ?? contentOf(source, "output"),
    status: failure === undefined ? "ok" : "error",
    error: failure === undefined ? null : errorOf(failure),
    version: textOf(whole, "version", "release") || textOf(source, "version"),
    prompt: prompted === undefined ? null : promptOf(prompted),
    code_revision: textOf(whole, "release"),
    ...modelOf(models),
    input_tokens: sumOf(models, (one) => tokensOf(one, "input")),
    output_tokens: sumOf(models, (one) => tokensOf(one, "output")),
    cost_usd: numberOf(whole, "totalCost") ?? sumOf(models, costOf),
    session_id: textOf(whole, "sessionId") || textOf(source, "sessionId"),
    attributes: attributesOf(whole, source),
    steps: steps.map(stepOf),
    ...labelsOf(scores.length > 0 ? scores : listOf(whole, "scores")),
  });
}

function startOf(observation: JsonObject): number {
  return timeOf(observation, "startTime") ?? 0;
}

/** The observation that stands for the whole trace: the only one without a parent among them. */
function rootOf(observations: readonly JsonObject[]): JsonObject | null {
  const ids = new Set(observations.map((one) => textOf(one, "id")));
  const tops = observations.filter((one) => !ids.has(textOf(one, "parentObservationId")));
  return tops.length === 1 ? (tops[0] ?? null) : null;
}

function endOf(
  whole: JsonObject,
  observations: readonly JsonObject[],
  startedAt: number | null,
): number | null {
  const ends = observations.flatMap((one) => timeOf(one, "endTime") ?? []);
  if (ends.length > 0) return Math.max(...ends);
  const latencySeconds = numberOf(whole, "latency");
  return startedAt === null || latencySeconds === null ? null : startedAt + latencySeconds * 1000;
}

function errorOf(failed: JsonObject): JsonObject {
  return { type: "Error", message: textOf(failed, "statusMessage") };
}

function promptOf(observation: JsonObject): JsonObject {
  return { name: textOf(observation, "promptName"), version: textOf(observation, "promptVersion") };
}

/** The model of the last call, which made the answer. */
function modelOf(models: readonly JsonObject[]): JsonObject {
  const last = models.at(-1);
  if (last === undefined) return {};
  const settings = objectOf(last, "modelParameters");
  const name = textOf(last, "providedModelName", "model");
  return {
    model: name === "" ? null : { name, settings: Object.keys(settings).length === 0 ? null : settings },
  };
}

function tokensOf(observation: JsonObject, direction: "input" | "output"): number | null {
  const details = objectOf(observation, "usageDetails");
  const usage = objectOf(observation, "usage");
  const other = direction === "input" ? "promptTokens" : "completionTokens";
  const tokens =
    numberOf(details, direction) ??
    numberOf(usage, direction) ??
    numberOf(observation, `${direction}Tokens`, other);
  return tokens === null || tokens < 0 ? null : Math.round(tokens);
}

function costOf(observation: JsonObject): number | null {
  return (
    numberOf(objectOf(observation, "costDetails"), "total") ??
    numberOf(observation, "totalCost", "calculatedTotalCost")
  );
}

function sumOf(items: readonly JsonObject[], read: (item: JsonObject) => number | null): number | null {
  const known = items.flatMap((item) => read(item) ?? []);
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
}

function stepOf(observation: JsonObject): JsonObject {
  const type = textOf(observation, "type").toUpperCase();
  const isFailed = textOf(observation, "level") === "ERROR";
  const name = textOf(observation, "name") || type.toLowerCase() || "step";
  const model = textOf(observation, "providedModelName", "model");
  return compact({
    name: name.slice(0, 200),
    kind: modelTypes.has(type) ? "model" : toolTypes.has(type) ? "tool" : "step",
    status: isFailed ? "error" : "ok",
    error: isFailed ? errorOf(observation) : null,
    started_at: timeOf(observation, "startTime"),
    ended_at: timeOf(observation, "endTime"),
    inputs: contentOf(observation, "input"),
    outputs: contentOf(observation, "output"),
    model,
    input_tokens: tokensOf(observation, "input"),
    output_tokens: tokensOf(observation, "output"),
  });
}

/** User, environment, tags, and the plain values of the metadata. */
function attributesOf(whole: JsonObject, source: JsonObject): JsonObject {
  const tags = contentOf(whole, "tags");
  const plain = {
    user_id: textOf(whole, "userId") || textOf(source, "userId"),
    environment: textOf(whole, "environment") || textOf(source, "environment"),
    trace_name: textOf(whole, "name") || textOf(source, "traceName"),
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string").join(", ") : "",
  };
  const metadata = Object.entries(objectOf(whole, "metadata")).filter(
    ([, value]) => value !== null && typeof value !== "object",
  );
  return compact({ ...Object.fromEntries(metadata.slice(0, attributesMax)), ...plain });
}

function labelsOf(scores: readonly JsonObject[]): JsonObject {
  const reviews: Json[] = [];
  const outcomes: Json[] = [];
  for (const score of scores) {
    const text = memberOf(score, "stringValue");
    const verdict = textOf(score, "source") === "ANNOTATION" ? readVerdict(text) : null;
    const at = timeOf(score, "timestamp");
    const id = textOf(score, "id");
    if (verdict === null) {
      const value = valueOf(score);
      if (value !== null)
        outcomes.push(compact({ outcome_id: id, name: textOf(score, "name").slice(0, 200), value, at }));
    } else {
      const note = textOf(score, "comment");
      reviews.push(compact({ review_id: id, verdict, note, reviewer: textOf(score, "authorUserId"), at }));
    }
  }
  return { reviews: reviews.slice(0, 100), outcomes: outcomes.slice(0, 100) };
}

function valueOf(score: JsonObject): number | boolean | string | null {
  const number = numberOf(score, "value");
  if (textOf(score, "dataType") === "BOOLEAN" && number !== null) return number === 1;
  if (number !== null) return number;
  return textOf(score, "stringValue", "value") || null;
}

/** Leaves out what is not known. */
function compact(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== ""));
}
