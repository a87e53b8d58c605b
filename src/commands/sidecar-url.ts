/** The address of the Evenkeel sidecar that answers on a port of this machine; null for none, or something else. */
export async function sidecarUrl(port: number): Promise<string | null> {
  const url = `http://localhost:${port}`;
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) });
    const { problems } = (await response.json()) as { problems?: unknown };
    return Array.isArray(problems) ? url : null;
  } catch {
    return null;
  }
}
