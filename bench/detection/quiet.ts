import { explain } from "../../src/detectors/explain.ts";
import { dayMs } from "../../src/model/clock.ts";
import { signalId } from "../../src/model/signal.ts";
import { type Cell, liveOn, startLife } from "./life.ts";

/** What quiet data did in one cell. */
export interface QuietResult {
  workflowDays: number;
  /** Moments at which any signal began to drift. */
  falseAlarms: number;
  falsePauses: number;
  /** What each signal that began to drift would have said. */
  sentences: string[];
}

/**
 * Runs one workflow on data that never changes.
 *
 * Alarms that come within a day of each other are one false alarm: they are one incident to its owner.
 *
 * @param budget False alarms per 1,000 workflow-days.
 */
export function runQuiet(cell: Cell, seed: number, days: number, budget = 1): QuietResult {
  const result: QuietResult = { workflowDays: days, falseAlarms: 0, falsePauses: 0, sentences: [] };
  let life = startLife(cell, seed);
  const endMs = life.nowMs + days * dayMs;
  let drifting = new Set<string>();
  let alarmedMs = -Infinity;
  let paused = false;
  while (life.nowMs < endMs) {
    const next = liveOn(life, budget);
    life = next.life;
    for (const verdicts of next.looks) {
      const now = new Set<string>();
      const wasPaused = paused;
      paused = false;
      for (const verdict of verdicts) {
        if (verdict.verdict.kind !== "drift") continue;
        const id = signalId(verdict.signal);
        now.add(id);
        paused ||= verdict.verdict.pause;
        if (drifting.has(id)) continue;
        const day = ((verdict.atMs - life.startMs) / dayMs).toFixed(1);
        result.sentences.push(`${day} d: ${explain(verdict)}`);
        if (verdict.atMs - alarmedMs > dayMs) result.falseAlarms += 1;
        alarmedMs = verdict.atMs;
      }
      if (paused && !wasPaused) result.falsePauses += 1;
      drifting = now;
    }
  }
  return result;
}
