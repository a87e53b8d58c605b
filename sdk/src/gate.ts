import { fetchWithin } from "./fetch-within.ts";

/** Whether a workflow may take new work. */
export interface GateAnswer {
  /** False: do not start. */
  open: boolean;
  /** `unknown` where the sidecar could not be asked. */
  state: "running" | "paused" | "unknown";
  /** Why it is paused, "" where it is not. */
  reason: string;
  /** The incident that paused it, "" where a person did or it runs. */
  incidentId: string;
}

/** How `gate` answers. */
export interface GateOptions {
  /** The answer when the sidecar cannot be asked. Default: `open`. */
  onUnknown?: "open" | "closed" | undefined;
  /** How long an answer holds before the sidecar is asked again, in milliseconds. Default: 5000. */
  maxAgeMs?: number | undefined;
}

/** Asks whether a workflow may take new work. Never rejects. */
export type Gate = (workflow: string, options?: GateOptions) => Promise<GateAnswer>;

interface Known {
  answer: GateAnswer;
  atMs: number;
}

const timeoutMs = 1000;
const workflowsMax = 1000;

/**
 * Builds a gate that asks the sidecar at most once per `maxAgeMs` and workflow, however many callers wait.
 *
 * If the sidecar cannot be asked, a workflow last known to be paused stays paused, since only a person
 * resumes; any other follows `onUnknown`.
 */
export function createGate(endpoint: string, headers: Record<string, string>): Gate {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<GateAnswer | null>>();

  async function refresh(workflow: string): Promise<GateAnswer | null> {
    const answer = await ask(endpoint, headers, workflow);
    const before = known.get(workflow)?.answer;
    const unknown: GateAnswer = { open: true, state: "unknown", reason: "", incidentId: "" };
    if (known.size >= workflowsMax) known.clear();
    known.set(workflow, {
      answer: answer ?? (before?.state === "paused" ? before : unknown),
      atMs: performance.now(),
    });
    asking.delete(workflow);
    return answer;
  }

  return async (workflow, { onUnknown = "open", maxAgeMs = 5000 } = {}) => {
    let current = known.get(workflow);
    if (current === undefined || performance.now() - current.atMs >= maxAgeMs) {
      const pending = asking.get(workflow) ?? refresh(workflow);
      asking.set(workflow, pending);
      await pending;
      current = known.get(workflow);
    }
    if (current !== undefined && current.answer.state !== "unknown") return current.answer;
    return { open: onUnknown === "open", state: "unknown", reason: "", incidentId: "" };
  };
}

/** @returns null if there is no usable answer. */
async function ask(
  endpoint: string,
  headers: Record<string, string>,
  workflow: string,
): Promise<GateAnswer | null> {
  const url = `${endpoint}/v1/workflows/${encodeURIComponent(workflow)}/gate`;
  try {
    return await fetchWithin(timeoutMs, url, { headers }, readAnswer);
  } catch {
    return null;
  }
}

async function readAnswer(response: Response): Promise<GateAnswer | null> {
  const body = (await response.json()) as Partial<Record<string, unknown>> | null;
  if (!response.ok || (body?.state !== "running" && body?.state !== "paused")) return null;
  return {
    open: body.state === "running",
    state: body.state,
    reason: typeof body.reason === "string" ? body.reason : "",
    incidentId: typeof body.incident_id === "string" ? body.incident_id : "",
  };
}
