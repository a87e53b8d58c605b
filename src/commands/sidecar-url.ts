import { PermanentError } from "../model/errors.ts";
import { within } from "../model/within.ts";

const answerMsMax = 10_000;

/** Who answers at an address. */
export type Answerer =
  | { kind: "sidecar" /** What keeps it from being ready. */; problems: string[] }
  | { kind: "stranger" }
  | { kind: "nobody" };

/** Asks who answers at an address, given without a slash at its end. */
export async function whoAnswers(url: string): Promise<Answerer> {
  try {
    const { problems } = await within(answerMsMax, async (signal) => {
      const response = await fetch(`${url}/readyz`, { signal });
      return (await response.json()) as { problems?: unknown };
    });
    return Array.isArray(problems)
      ? { kind: "sidecar", problems: problems.map(String) }
      : { kind: "stranger" };
  } catch (error) {
    return { kind: error instanceof SyntaxError ? "stranger" : "nobody" };
  }
}

/** The address of the Evenkeel sidecar that answers on a port of this machine; null for none, or something else. */
export async function sidecarUrl(port: number): Promise<string | null> {
  const url = `http://localhost:${port}`;
  return (await whoAnswers(url)).kind === "sidecar" ? url : null;
}

/**
 * Makes sure that a sidecar answers at an address that a person gave.
 *
 * @throws {PermanentError} If none does.
 */
export async function requireSidecar(url: string): Promise<void> {
  if ((await whoAnswers(url.replace(/\/+$/, ""))).kind === "sidecar") return;
  throw new PermanentError(`Cannot reach '${url}': no Evenkeel sidecar answers there`);
}
