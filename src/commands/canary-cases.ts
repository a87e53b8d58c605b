import { readFile } from "node:fs/promises";
import { PermanentError } from "../model/errors.ts";
import { isJsonObject, type Json } from "../model/json.ts";

/** An input to freeze, as the API takes it. */
export interface FrozenInput {
  case_id?: string;
  inputs: Json;
  outputs?: Json;
}

/**
 * Reads inputs to freeze, one JSON object a line: `{"inputs": …}` with `outputs` and `case_id` where a person gives
 * them; any other value is the inputs themselves.
 *
 * @throws {PermanentError} If the file cannot be read, or a line is not JSON.
 */
export async function readFrozen(path: string): Promise<FrozenInput[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new PermanentError(`Cannot freeze inputs: '${path}' cannot be read`, { cause });
  });
  const lines = text.split("\n").map((line, index) => ({ line: line.trim(), number: index + 1 }));
  return lines.filter(({ line }) => line !== "").map(({ line, number }) => toFrozen(path, number, line));
}

function toFrozen(path: string, number: number, line: string): FrozenInput {
  let value: Json;
  try {
    value = JSON.parse(line) as Json;
  } catch (cause) {
    throw new PermanentError(`Cannot freeze inputs: line ${number} of '${path}' is not JSON`, { cause });
  }
  if (!isJsonObject(value) || !("inputs" in value)) return { inputs: value };
  const { inputs = null, outputs, case_id: caseId } = value;
  return {
    inputs,
    ...(outputs === undefined ? {} : { outputs }),
    ...(typeof caseId === "string" ? { case_id: caseId } : {}),
  };
}
