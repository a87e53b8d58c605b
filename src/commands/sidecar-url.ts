import { PermanentError } from "../model/errors.ts";

/** The address of the Evenkeel sidecar that answers on a port of this machine; null for none, or something else. */
export async function sidecarUrl(port: number): Promise<string | null> {
  const url = `http://localhost:${port}`;
  return (await answers(url)) ? url : null;
}

/**
 * Makes sure that a sidecar answers at an address that a person gave.
 *
 * @throws {PermanentError} If none does.
 */
export async function requireSidecar(url: string): Promise<void> {
  if (await answers(url.replace(/\/+$/, ""))) return;
  throw new PermanentError(`Cannot reach '${url}': no Evenkeel sidecar answers there`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) });
    const { problems } = (await response.json()) as { problems?: unknown };
    return Array.isArray(problems);
  } catch {
    // Nobody there, or something that speaks no JSON.
    return false;
  }
}
