import { describe, expect, it } from "vitest";
import { PermanentError } from "../../../src/model/errors.ts";
import type { Engine } from "../../../src/store/engine.ts";
import { tables as dataTables } from "../../../src/model/rows.ts";
import { defaultLayout } from "../../../src/store/layout.ts";
import { migrate, migrationStatements, readMigrations } from "../../../src/store/migrate.ts";
import { retentionStatements } from "../../../src/store/retention.ts";

const cluster = { ...defaultLayout, cluster: "prod", database: "watch" };

async function statements(layout = defaultLayout): Promise<string[]> {
  const files = await readMigrations();
  return files.flatMap(({ text }) => migrationStatements(text, layout));
}

describe("renderMigration()", () => {
  it("leaves no placeholder", async () => {
    for (const layout of [defaultLayout, cluster]) {
      for (const statement of await statements(layout)) expect(statement).not.toMatch(/\{\{|\}\}/);
    }
  });

  it("gives every table a deduplication window, also those that views fill", async () => {
    const tables = (await statements()).filter((statement) => statement.startsWith("CREATE TABLE"));
    expect(tables).toHaveLength(dataTables.length + 2);
    for (const table of tables) expect(table).toContain("non_replicated_deduplication_window = 10000");
  });

  it("names the cluster in every statement", async () => {
    for (const statement of await statements(cluster)) expect(statement).toContain("ON CLUSTER 'prod'");
  });

  it("keeps the rows of a cluster in replicated tables of its shards, under a table for the whole", async () => {
    const tables = (await statements(cluster)).filter((statement) => statement.startsWith("CREATE TABLE"));
    for (const name of [...dataTables, "rollups_hour"]) {
      const local = tables.find((statement) =>
        statement.startsWith(`CREATE TABLE IF NOT EXISTS ${name}_local `),
      );
      expect(local).toMatch(/ENGINE = Replicated(Summing)?MergeTree\('\/clickhouse\/tables\/\{shard\}\//);
      const whole = tables.find((statement) => statement.startsWith(`CREATE TABLE IF NOT EXISTS ${name} `));
      expect(whole).toContain(
        `AS ${name}_local\nENGINE = Distributed('prod', 'watch', '${name}_local', sipHash64(`,
      );
    }
  });

  it("lets a shard's view fill the shard's table, and adds columns to both", async () => {
    const all = await statements(cluster);
    const view = all.find((statement) => statement.startsWith("CREATE MATERIALIZED VIEW"));
    expect(view).toContain("TO rollups_hour_local AS");
    expect(view).toContain("FROM rollups_local");
    const columns = all.filter((statement) => statement.includes("ADD COLUMN IF NOT EXISTS business_key"));
    expect(columns.map((statement) => statement.split(" ")[2])).toEqual(["runs_local", "runs"]);
    const indexes = all.filter((statement) => statement.includes("ADD INDEX IF NOT EXISTS business_key"));
    expect(indexes.map((statement) => statement.split(" ")[2])).toEqual(["runs_local"]);
  });

  it("has what all servers must know the same on all of them", async () => {
    const collectors = (await statements(cluster)).find((statement) => statement.includes(" collectors "));
    expect(collectors).toContain(
      "ReplicatedMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}')",
    );
  });
});

describe("retentionStatements()", () => {
  it("counts from the day a row was stored", () => {
    const all = retentionStatements(defaultLayout);
    expect(all).toContain("ALTER TABLE runs  MODIFY TTL stored_at + INTERVAL 90 DAY");
    expect(all).toContain("ALTER TABLE rollups_hour  MODIFY TTL stored_at + INTERVAL 400 DAY");
  });

  it("reaches the shards' tables of a cluster", () => {
    expect(retentionStatements(cluster)).toContain(
      "ALTER TABLE runs_local ON CLUSTER 'prod' MODIFY TTL stored_at + INTERVAL 90 DAY",
    );
  });
});

describe("migrate()", () => {
  it("refuses a file that was edited after it was applied", async () => {
    const [first] = await readMigrations();
    const engine: Engine = {
      prepare: () => Promise.resolve(),
      command: () => Promise.resolve(),
      insert: () => Promise.resolve(),
      select: <T>() => Promise.resolve([{ name: first?.name, checksum: "another" } as T]),
      ping: () => Promise.resolve(true),
      close: () => Promise.resolve(),
    };
    await expect(migrate(engine, defaultLayout)).rejects.toBeInstanceOf(PermanentError);
  });
});
