import { type Client, createClient } from "@evenkeel/sdk";
import type { PlainRun } from "../incidents/faults.ts";

/** Sends runs as an automation does: through the SDK, each under the time it claims. */
export interface SdkTraffic {
  client: Client;
  /** Plays runs again as observed calls, and resolves once they are with the sidecar. */
  play: (runs: readonly PlainRun[]) => Promise<void>;
}

/** Creates traffic to a sidecar. */
export function createSdkTraffic(endpoint: string): SdkTraffic {
  let atMs = 0;
  const client = createClient({ endpoint, clock: { nowMs: () => atMs }, sendIntervalMs: 10_000 });
  const automations = new Map<string, (run: PlainRun) => PlainRun["outputs"]>();

  function automation({ workflow, prompt, model }: PlainRun): (run: PlainRun) => PlainRun["outputs"] {
    const key = JSON.stringify([workflow, prompt, model.name]);
    const known = automations.get(key);
    if (known !== undefined) return known;
    const observed = client.observe(
      (run: PlainRun) => {
        for (const [name, value] of Object.entries(run.attributes))
          client.currentRun().attribute(name, value);
        client.currentRun().model(run.model.resolved);
        for (const step of run.steps) playStep(step);
        atMs = run.ended_at;
        return run.outputs;
      },
      {
        workflow,
        promptName: prompt.name,
        prompt: prompt.text,
        model: model.name,
        inputs: (run) => run.inputs,
      },
    );
    automations.set(key, observed);
    return observed;
  }

  function playStep(step: PlainRun["steps"][number]): void {
    atMs = step.started_at;
    try {
      client.step(
        step.name,
        () => {
          atMs = step.ended_at;
          if (step.error !== undefined) throw new Error(step.error);
          return step.outputs ?? null;
        },
        { kind: step.kind },
      );
    } catch {
      // The automation goes on without the tool, as the fault has it.
    }
  }

  return {
    client,
    async play(runs) {
      for (const run of runs) {
        atMs = run.started_at;
        automation(run)(run);
      }
      if (runs.length > 0 && !(await client.flush())) throw new Error("Cannot send runs");
    },
  };
}
