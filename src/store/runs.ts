import type { DecisionRow, OutcomeRow, ReviewRow, RunRow, StepRow, VersionRow } from "../model/rows.ts";
import { rowColumns } from "./columns.ts";
import type { Engine, Lane } from "./engine.ts";
import type { Receipt, RunRef } from "./port.ts";
import { wholeSteps } from "./whole-steps.ts";

const refColumns =
  "run_id AS runId, workflow, version, mode, toFloat64(toUnixTimestamp64Milli(received_at)) AS receivedAtMs";

/** Finds a run by its id; the first one where an id was ever stored twice. */
export async function findRun(engine: Engine, lane: Lane, runId: string): Promise<RunRef | null> {
  const rows = await engine.select<RunRef>(
    lane,
    `SELECT ${refColumns} FROM runs WHERE run_id = {runId:String} ORDER BY received_at LIMIT 1`,
    { runId },
  );
  return rows[0] ?? null;
}

/** Finds the newest run of a workflow under a business key. */
export async function findRunByKey(
  engine: Engine,
  workflow: string,
  businessKey: string,
): Promise<RunRef | null> {
  const rows = await engine.select<RunRef>(
    "sweep",
    `SELECT ${refColumns} FROM runs WHERE workflow = {workflow:String} AND business_key = {businessKey:String}
    ORDER BY received_at DESC LIMIT 1`,
    { workflow, businessKey },
  );
  return rows[0] ?? null;
}

/** Finds a run's outputs by its id; those of the first one where an id was ever stored twice. */
export async function findOutputs(engine: Engine, runId: string): Promise<string | null> {
  const rows = await engine.select<{ outputs: string }>(
    "sweep",
    "SELECT outputs FROM runs WHERE run_id = {runId:String} ORDER BY received_at LIMIT 1",
    { runId },
  );
  return rows[0]?.outputs ?? null;
}

/** A run with its version, steps, reviews, outcomes and decisions, each in the order it happened. */
export async function receipt(engine: Engine, runId: string): Promise<Receipt | null> {
  const [run] = await engine.select<RunRow>(
    "evidence",
    `SELECT ${rowColumns("runs")} FROM runs AS t WHERE t.run_id = {runId:String} ORDER BY t.received_at LIMIT 1`,
    { runId },
  );
  if (run === undefined) return null;
  // Steps that came before their run was known carry the trace id.
  const ids = run.trace_id === "" ? [runId] : [runId, run.trace_id];
  const [version, steps, reviews, outcomes, decisions] = await Promise.all([
    readVersion(engine, "evidence", run.workflow, run.version),
    engine.select<StepRow>(
      "evidence",
      `SELECT ${rowColumns("steps")} FROM steps AS t WHERE t.run_id IN {ids:Array(String)}
      ORDER BY t.started_at, t.step_id LIMIT 10000`,
      { ids },
    ),
    engine.select<ReviewRow>(
      "evidence",
      `SELECT ${rowColumns("reviews")} FROM reviews AS t WHERE t.run_id = {runId:String} ORDER BY t.received_at`,
      { runId },
    ),
    engine.select<OutcomeRow>(
      "evidence",
      `SELECT ${rowColumns("outcomes")} FROM outcomes AS t WHERE t.run_id = {runId:String} ORDER BY t.received_at`,
      { runId },
    ),
    engine.select<DecisionRow>(
      "evidence",
      `SELECT ${rowColumns("decisions")} FROM decisions AS t WHERE t.run_id = {runId:String} ORDER BY t.received_at`,
      { runId },
    ),
  ]);
  return { run, version, steps: wholeSteps(run, steps), reviews, outcomes, decisions };
}

/** What was deployed under a version, as first seen. */
export async function readVersion(
  engine: Engine,
  lane: Lane,
  workflow: string,
  version: string,
): Promise<VersionRow | null> {
  const rows = await engine.select<VersionRow>(
    lane,
    `SELECT ${rowColumns("versions")} FROM versions AS t
    WHERE t.workflow = {workflow:String} AND t.version = {version:String} ORDER BY t.first_seen_at LIMIT 1`,
    { workflow, version },
  );
  return rows[0] ?? null;
}
