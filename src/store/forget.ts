import { randomBytes } from "node:crypto";
import { PermanentError } from "../model/errors.ts";
import type { Forgetting } from "../model/forgetting.ts";
import type { RollupRow, Table } from "../model/rows.ts";
import { rowColumns } from "./columns.ts";
import type { Engine, Params } from "./engine.ts";
import { fieldEquals } from "./field-path.ts";
import type { Layout } from "./layout.ts";
import type { Forgotten, ForgetQuery } from "./port.ts";
import { sqlLiteral } from "./sql-literal.ts";

/** Where text of a run may stand, by table; a map is searched by its values. */
const searchedColumns: Partial<Record<Table, string>> = {
  runs: "run_id inputs outputs error_type error_message error_stack session_id business_key attributes",
  steps: "name inputs outputs error_type error_message error_stack attributes",
  reviews: "output reason note",
  outcomes: "name value",
  decisions: "output reason note",
};

/** What belongs to a run and goes with it. */
const ofRun = ["runs", "steps", "reviews", "outcomes", "decisions"] as const;

/** Text that is rewritten where it stands: people who reviewed, and prompts. */
const rewritten = { reviews: "reviewer", decisions: "reviewer", versions: "prompt" } as const;

const runsMax = 1_000_000;
const countsMax = 1_000_000;

/**
 * Deletes the runs of a person with everything that belongs to them, renames bins that are the person's value, and drops
 * rejects that hold it. What to delete travels through tables in memory, never in a statement: mutations are kept as text.
 *
 * Mutations are awaited. The bytes of the old parts leave the disk when the engine next cleans up, within minutes.
 *
 * @throws {PermanentError} On a cluster, or if there is more than can be handled at once.
 */
export async function forget(
  engine: Engine,
  layout: Layout,
  query: ForgetQuery,
  forgetting: Forgetting,
): Promise<Forgotten> {
  if (layout.cluster !== "") {
    throw new PermanentError("Cannot forget on a cluster: its tables in memory are those of one server", {
      hint: "docs/retention.md says how to delete there",
    });
  }
  const runs = await findRuns(engine, query, forgetting);
  const rejectIds = await findRejects(engine, forgetting);
  const counts = await findCounts(engine, query, forgetting);
  const found = {
    runIds: runs.map(({ run_id }) => run_id),
    rejects: rejectIds.length,
    counts: counts.length,
  };
  const mayDelete = query.mayDelete?.({ runs: runs.length, rejects: rejectIds.length }) ?? true;
  if (query.isTrial || !mayDelete) return { ...found, rewritten: 0 };
  const ids = [
    ...new Set(runs.flatMap(({ run_id, trace_id }) => (trace_id === "" ? [run_id] : [run_id, trace_id]))),
  ];
  await withIds(engine, ids, async (chosen) => {
    for (const table of ofRun) await deleteWhere(engine, table, `run_id IN ${chosen}`);
  });
  await withIds(engine, rejectIds, (chosen) => deleteWhere(engine, "rejects", `reject_id IN ${chosen}`));
  await renameCounts(engine, query, counts, forgetting);
  return { ...found, rewritten: await rewriteTexts(engine, query, forgetting) };
}

async function findRuns(engine: Engine, query: ForgetQuery, { forms, pattern }: Forgetting) {
  const found = new Map<string, { run_id: string; trace_id: string }>();
  const search = async (where: string, params: Params) => {
    const rows = await engine.select<{ run_id: string; trace_id: string }>(
      "forget",
      `SELECT DISTINCT run_id, trace_id FROM runs AS t WHERE ${inWorkflow(query, params)} AND (${where}) LIMIT ${runsMax + 1}`,
      params,
    );
    for (const row of rows) found.set(row.run_id, row);
    if (found.size > runsMax) throw tooMany("runs", runsMax);
  };
  const { field } = query;
  if (field === undefined) {
    await search(searched("runs"), { pattern });
    for (const table of ofRun.slice(1)) {
      await search(`run_id IN (SELECT run_id FROM ${table} WHERE ${searched(table)})`, { pattern });
    }
  } else {
    for (const form of forms) {
      const params: Params = {};
      await search(whereField(field, form, params), params);
    }
  }
  return [...found.values()];
}

/** A condition on one table's text. */
function searched(table: Table): string {
  const columns = (searchedColumns[table] ?? "").split(" ");
  const parts = columns.map((column) =>
    column === "attributes" ? "arrayStringConcat(mapValues(attributes), '\\n')" : `toString(${column})`,
  );
  return `match(concat(${parts.join(", '\\n', ")}, ''), {pattern:String})`;
}

function whereField(field: string, value: string, params: Params): string {
  if (field === "session_id" || field === "key") {
    params.value = value;
    return `t.${field === "key" ? "business_key" : field} = {value:String}`;
  }
  const attribute = /^attributes\.(.+)$/.exec(field)?.[1];
  if (attribute === undefined) return fieldEquals(field, value, params);
  params.attribute = attribute;
  params.value = value;
  return "t.attributes[{attribute:String}] = {value:String}";
}

function inWorkflow({ workflow }: ForgetQuery, params: Params): string {
  if (workflow === undefined) return "1";
  params.workflow = workflow;
  return "workflow = {workflow:String}";
}

/** Rejects belong to no workflow for certain: any that holds the value goes. */
async function findRejects(engine: Engine, { pattern }: Forgetting): Promise<string[]> {
  const rows = await engine.select<{ reject_id: string }>(
    "forget",
    "SELECT reject_id FROM rejects WHERE match(tryBase64Decode(body), {pattern:String})",
    { pattern },
  );
  return rows.map(({ reject_id }) => reject_id);
}

async function findCounts(engine: Engine, query: ForgetQuery, { pattern }: Forgetting): Promise<RollupRow[]> {
  const params: Params = { pattern };
  const rows = await engine.select<RollupRow>(
    "forget",
    `SELECT toFloat64(toUnixTimestamp(minute)) AS minute, workflow, version, kind, field, bin, toFloat64(sum(n)) AS n
     FROM rollups AS t WHERE ${inWorkflow(query, params)} AND startsWith(bin, '=') AND kind != 'model'
       AND match(bin, {pattern:String})
     GROUP BY t.minute, workflow, version, kind, field, bin LIMIT ${countsMax + 1}`,
    params,
  );
  if (rows.length > countsMax) throw tooMany("counts", countsMax);
  return rows;
}

/** Deleted first: a crash in between leaves counts too low, and nothing of the person. */
async function renameCounts(
  engine: Engine,
  { workflow, token }: ForgetQuery,
  rows: readonly RollupRow[],
  { rewrite }: Forgetting,
): Promise<void> {
  if (rows.length === 0) return;
  const bins = [...new Set(rows.map(({ bin }) => bin))];
  await withIds(engine, bins, async (chosen) => {
    const where = `bin IN ${chosen} AND kind != 'model'${workflow === undefined ? "" : ` AND workflow = ${sqlLiteral(workflow)}`}`;
    for (const table of ["rollups", "rollups_hour"]) await deleteWhere(engine, table, where);
  });
  const renamed = rows.map((row) => ({ ...row, bin: rewrite(row.bin) }));
  await engine.insert("rollups", lines(renamed), `forget:${token}:rollups`);
}

async function rewriteTexts(
  engine: Engine,
  query: ForgetQuery,
  { pattern, rewrite }: Forgetting,
): Promise<number> {
  let count = 0;
  for (const [table, column] of Object.entries(rewritten) as [keyof typeof rewritten, string][]) {
    const params: Params = { pattern };
    const where = `${inWorkflow(query, params)} AND match(t.${column}, {pattern:String})`;
    const rows = await engine.select<Record<string, string>>(
      "forget",
      `SELECT ${rowColumns(table)} FROM ${table} AS t WHERE ${where} LIMIT ${runsMax}`,
      params,
    );
    if (rows.length === 0) continue;
    count += rows.length;
    const held = new Set(rows.map((row) => row[column] ?? ""));
    const filter = query.workflow === undefined ? "" : ` AND workflow = ${sqlLiteral(query.workflow)}`;
    await withIds(engine, [...held], (texts) => deleteWhere(engine, table, `${column} IN ${texts}${filter}`));
    const changed = rows.map((row) => ({ ...row, [column]: rewrite(row[column] ?? "") }));
    await engine.insert(table, lines(changed), `forget:${query.token}:${table}`);
  }
  return count;
}

/** Puts texts into a table in memory for the time of some work, which reads it as a subquery. */
async function withIds(
  engine: Engine,
  ids: readonly string[],
  work: (subquery: string) => Promise<void>,
): Promise<void> {
  if (ids.length === 0) return;
  const table = `forget_${randomBytes(8).toString("hex")}`;
  await engine.command(`CREATE TABLE ${table} (id String) ENGINE = Memory`);
  try {
    await engine.command(`INSERT INTO ${table} SELECT arrayJoin({ids:Array(String)})`, { ids: [...ids] });
    await work(`(SELECT id FROM ${table})`);
  } finally {
    await engine.command(`DROP TABLE ${table} SYNC`);
  }
}

function deleteWhere(engine: Engine, table: string, where: string): Promise<void> {
  return engine.command(`ALTER TABLE ${table} DELETE WHERE ${where} SETTINGS mutations_sync = 2`);
}

function lines(rows: readonly object[]): Buffer {
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

function tooMany(what: string, max: number): PermanentError {
  return new PermanentError(`Cannot forget: more than ${max} ${what} hold the value`, {
    hint: "Name a field or a workflow",
  });
}
