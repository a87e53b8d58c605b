import { tryParseJson } from "../collector/parse-json.ts";
import { PermanentError, TransientError } from "../model/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../model/json.ts";
import { within } from "../model/within.ts";
import { readFates, type RunFate, type RunSink } from "./run-sink.ts";

/** Where the sidecar is, and the key that it asks for. */
export interface HttpSinkOptions {
  /** Base address: `http://localhost:4318`. */
  url: string;
  /** A key with the scope `ingest`, "" for none. */
  key: string;
}

const timeoutMs = 60_000;

/** Creates a sink that posts to `POST /v1/runs?history=true`. A batch that is too large goes in halves. */
export function createHttpSink({ url, key }: HttpSinkOptions): RunSink {
  const address = `${url.replace(/\/+$/, "")}/v1/runs?history=true`;
  const headers = {
    "content-type": "application/json",
    ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
  };
  const post = async (runs: readonly JsonObject[]): Promise<RunFate[]> => {
    const { response, text } = await request(
      address,
      { method: "POST", headers, body: JSON.stringify(runs) },
      url,
    );
    if (response.status === 413) return tooLarge(runs);
    if (response.status === 429 || response.status >= 500) {
      throw new TransientError(`Cannot send runs: '${url}' answered ${response.status}`, {
        retryAfterSeconds: Number(response.headers.get("retry-after")) || 2,
      });
    }
    const answer = tryParseJson(text) ?? null;
    const fates = readFates(answer, runs.length);
    if (fates !== null) return fates;
    throw new PermanentError(`Cannot send runs: '${url}' answered ${response.status}${messageOf(answer)}`, {
      hint:
        response.status === 401 || response.status === 403
          ? "Give a key with the scope 'ingest' with --key"
          : "",
    });
  };
  const tooLarge = async (runs: readonly JsonObject[]): Promise<RunFate[]> => {
    if (runs.length <= 1)
      return runs.map(() => ({ refused: "Cannot read run: it is larger than the sidecar takes" }));
    const middle = Math.ceil(runs.length / 2);
    return [...(await post(runs.slice(0, middle))), ...(await post(runs.slice(middle)))];
  };
  return { send: post };
}

async function request(
  address: string,
  init: RequestInit,
  url: string,
): Promise<{ response: Response; text: string }> {
  try {
    return await within(timeoutMs, async (signal) => {
      const response = await fetch(address, { ...init, signal });
      return { response, text: await response.text() };
    });
  } catch (cause) {
    throw new TransientError(`Cannot reach '${url}'`, { cause });
  }
}

function messageOf(answer: Json): string {
  if (!isJsonObject(answer)) return "";
  const { error } = answer;
  const message = isJsonObject(error) ? error.message : error;
  return typeof message === "string" ? `: ${message}` : "";
}
