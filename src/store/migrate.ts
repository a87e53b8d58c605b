import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { PermanentError } from "../model/errors.ts";
import { spread } from "./cluster.ts";
import type { Engine } from "./engine.ts";
import { type Layout, onCluster } from "./layout.ts";
import type { Deletion } from "./port.ts";
import { expire, oldestDeletion, retentionMark, retentionStatements } from "./retention.ts";

// Resolves from src/store as well as from dist/store.
const directory = new URL("../../src/store/migrations/", import.meta.url);

const ledger = `CREATE TABLE IF NOT EXISTS migrations {{on_cluster}} (
  name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine MergeTree}} ORDER BY name SETTINGS {{settings}}`;

// Windows are counted in inserted blocks. Without one, a repeated token is not recognised; a view's target
// needs its own. Parts are synced, because the writer deletes its segment once the insert is confirmed.
const tableSettings = [
  "non_replicated_deduplication_window = 10000",
  "replicated_deduplication_window = 10000",
  "ttl_only_drop_parts = 1",
  "fsync_after_insert = 1",
  "fsync_part_directory = 1",
  "min_rows_to_fsync_after_merge = 1",
].join(", ");

/**
 * Applies the migrations that have not been applied, in order of their numbers. Statements are idempotent, so
 * a start that died half way is repaired by the next.
 *
 * @throws {PermanentError} If an applied file has been edited since.
 */
export async function migrate(engine: Engine, layout: Layout): Promise<void> {
  await engine.prepare();
  for (const statement of migrationStatements(ledger, layout)) await engine.command(statement);
  const checksums = await readLedger(engine);
  for (const { name, text } of await readMigrations()) {
    const checksum = createHash("sha256").update(text).digest("hex");
    const known = checksums.get(name);
    if (known === checksum) continue;
    if (known !== undefined) {
      throw new PermanentError(`Cannot migrate the store: '${name}' was applied with other contents`, {
        hint: "Migrations are never edited; add a new one.",
      });
    }
    for (const statement of migrationStatements(text, layout)) await engine.command(statement);
    await record(engine, name, checksum);
  }
  await applyRetention(engine, layout, checksums.get(retentionEntry) ?? "");
}

const retentionEntry = "retention";

/** Brings the tables to a retention, and deletes what has outlived it. Answers the oldest deletion that is under way. */
export async function retain(engine: Engine, layout: Layout): Promise<Deletion | null> {
  await applyRetention(engine, layout, (await readLedger(engine)).get(retentionEntry) ?? "");
  await expire(engine, layout);
  return oldestDeletion(engine, layout);
}

/** Brings the retention of the tables from what was recorded to what is wanted. */
async function applyRetention(engine: Engine, layout: Layout, recorded: string): Promise<void> {
  const wanted = retentionMark(layout);
  if (recorded === wanted) return;
  for (const statement of retentionStatements(layout)) await engine.command(statement);
  await record(engine, retentionEntry, wanted);
}

async function readLedger(engine: Engine): Promise<Map<string, string>> {
  const entries = await engine.select<{ name: string; checksum: string }>(
    "sweep",
    "SELECT name, argMax(checksum, applied_at) AS checksum FROM migrations GROUP BY name",
    {},
  );
  return new Map(entries.map((entry) => [entry.name, entry.checksum]));
}

/**
 * Neither the name of a file nor a checksum can hold a quote. The latest entry counts, also where the clock has been set back
 * since the one before.
 */
function record(engine: Engine, name: string, checksum: string): Promise<void> {
  return engine.command(
    `INSERT INTO migrations (name, checksum, applied_at) SELECT '${name}', '${checksum}',
    greatest(now64(3), max(applied_at) + INTERVAL 1 MILLISECOND) FROM migrations`,
  );
}

/** The migration files, in order. */
export async function readMigrations(): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(new URL(name, directory), "utf8") })),
  );
}

/** The statements of a migration for one layout. */
export function migrationStatements(text: string, layout: Layout): string[] {
  return splitStatements(renderMigration(text, layout)).flatMap((statement) => spread(statement, layout));
}

/** Fills the placeholders of a migration for one layout. */
export function renderMigration(text: string, layout: Layout): string {
  return text
    .replaceAll("{{on_cluster}}", onCluster(layout))
    .replaceAll("{{settings}}", tableSettings)
    .replace(/\{\{engine (\w+)(?: (\w+))?\}\}/g, (_, name: string, column?: string) =>
      engineClause(name, column, layout.cluster !== ""),
    );
}

function engineClause(name: string, column: string | undefined, replicated: boolean): string {
  const place = replicated ? ["'/clickhouse/tables/{shard}/{database}/{table}'", "'{replica}'"] : [];
  const args = column === undefined ? place : [...place, column];
  return `${replicated ? "Replicated" : ""}${name}(${args.join(", ")})`;
}

/** Statements of a file: they end with a semicolon at the end of a line; comment lines are left out. */
function splitStatements(text: string): string[] {
  return text
    .replace(/^--.*$/gm, "")
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
