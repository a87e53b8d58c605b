import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PermanentError } from "../../../src/model/errors.ts";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import { clusterInsertSettings, clusterReadSettings } from "../../../src/store/cluster.ts";
import { defaultLayout } from "../../../src/store/layout.ts";
import { migrationStatements, readMigrations } from "../../../src/store/migrate.ts";
import type { Store } from "../../../src/store/port.ts";
import { retentionStatements } from "../../../src/store/retention.ts";
import { storeConformance } from "../../conformance/store.ts";

const path = mkdtempSync(join(tmpdir(), "evenkeel-store-"));

describe("statements for a cluster", () => {
  const layout = { ...defaultLayout, cluster: "prod", database: "evenkeel" };
  let store: Store;
  beforeAll(() => {
    store = openChdbStore({
      path: mkdtempSync(join(tmpdir(), "evenkeel-parse-")),
      log: pino({ level: "silent" }),
    });
  });
  afterAll(() => store.close());

  it("are all read by the engine, which has no cluster to run them on", async () => {
    const files = await readMigrations();
    const statements = files.flatMap(({ text }) => migrationStatements(text, layout));
    const all = [...statements, ...retentionStatements(layout)];
    expect(all.length).toBeGreaterThan(25);
    const read = (statement: string) =>
      store.query<{ text: string }>("SELECT formatQuery({statement:String}) AS text", { statement });
    for (const statement of all) expect((await read(statement))[0]?.text).toContain("ON CLUSTER prod");
    await expect(read(all[0]?.replace("ON CLUSTER", "ON A CLUSTER") ?? "")).rejects.toThrow(PermanentError);
  });

  it("ask for settings that the engine knows", async () => {
    const known = await store.query<{ name: string }>("SELECT name FROM system.settings");
    const names = new Set(known.map(({ name }) => name));
    const asked = Object.keys({ ...clusterInsertSettings, ...clusterReadSettings });
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });
});

storeConformance("openChdbStore()", (layout) =>
  openChdbStore({ path, log: pino({ level: "silent" }), layout }),
);
