import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import { within } from "../model/within.ts";
import { runCommand } from "./canary-command.ts";

/** Gives a frozen input to the automation and takes its answer. */
export interface Caller {
  /** Throws what went wrong; that is an answer of its own. */
  call: (inputs: Json) => Promise<Json>;
  /** The model that gave the last answer, as far as the automation says. */
  model: () => string;
}

const callMs = 120_000;

/**
 * Creates the caller of a URL (the input is the body of a POST, the answer that of its response; the header
 * `evenkeel-model` names the model), or of a command (the input on standard input, the answer on standard output). Both
 * are told that this is a canary: by the header `evenkeel-mode`, or the variable `EVENKEEL_MODE`.
 *
 * @throws {PermanentError} If not exactly one is given, or the URL is none.
 */
export function createCaller({ url, command }: { url: string; command: string }): Caller {
  if ((url === "") === (command === "")) {
    throw new PermanentError("Cannot run the canary: one of --call URL and --run COMMAND must be given");
  }
  if (command !== "") return { call: (inputs) => runCommand(command, inputs, callMs), model: () => "" };
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new PermanentError(`Cannot run the canary: --call must be an http or https URL, got '${url}'`);
  }
  let model = "";
  return {
    call(inputs) {
      return within(callMs, async (signal) => {
        const response = await fetch(url, {
          method: "POST",
          headers: { "content-type": "application/json", "evenkeel-mode": "canary" },
          body: JSON.stringify(inputs),
          signal,
        });
        model = response.headers.get("evenkeel-model") ?? "";
        if (!response.ok) throw new Error(`The automation answered ${response.status}`);
        return (await response.json()) as Json;
      });
    },
    model: () => model,
  };
}
