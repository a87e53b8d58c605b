import { describe, expect, it } from "vitest";
import { PermanentError } from "../../../src/model/errors.ts";
import type { Engine } from "../../../src/store/engine.ts";
import { defaultLayout } from "../../../src/store/layout.ts";
import { migrate, readMigrations, renderMigration, splitStatements } from "../../../src/store/migrate.ts";
import { retentionStatements } from "../../../src/store/retention.ts";

const cluster = { ...defaultLayout, cluster: "prod" };

async function statements(layout = defaultLayout): Promise<string[]> {
  const files = await readMigrations();
  return files.flatMap(({ text }) => splitStatements(renderMigration(text, layout)));
}

describe("renderMigration()", () => {
  it("leaves no placeholder", async () => {
    for (const layout of [defaultLayout, cluster]) {
      for (const statement of await statements(layout)) expect(statement).not.toMatch(/\{\{|\}\}/);
    }
  });

  it("gives every table a deduplication window, also those that views fill", async () => {
    const tables = (await statements()).filter((statement) => statement.startsWith("CREATE TABLE"));
    expect(tables).toHaveLength(8);
    for (const table of tables) expect(table).toContain("non_replicated_deduplication_window = 10000");
  });

  it("replicates every table of a cluster, and names it in every statement", async () => {
    for (const statement of await statements(cluster)) {
      expect(statement).toContain("ON CLUSTER 'prod'");
      if (statement.startsWith("CREATE TABLE"))
        expect(statement).toMatch(/ENGINE = Replicated(Summing)?MergeTree\('/);
    }
  });
});

describe("retentionStatements()", () => {
  it("counts from the day a row was stored", () => {
    const all = retentionStatements(defaultLayout);
    expect(all).toContain("ALTER TABLE runs  MODIFY TTL stored_at + INTERVAL 90 DAY");
    expect(all).toContain("ALTER TABLE rollups_hour  MODIFY TTL stored_at + INTERVAL 400 DAY");
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
