import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { PermanentError } from "../model/errors.ts";
import { text } from "./columns.ts";
import type { Database } from "./database.ts";

// The same folder from src/ (tests, tsx) and from dist/ (the package ships it).
const folder = new URL("../../src/journal/migrations/", import.meta.url);

/**
 * Brings the journal's tables up to date: every numbered file of `migrations/` once, in order, each in a
 * transaction of its own.
 *
 * @throws {PermanentError} If an applied migration was edited, or the journal was written by a newer version.
 */
export function migrateJournal(database: Database): void {
  database.exec("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL) STRICT");
  const applied = new Map(
    database
      .all("SELECT name, sha256 FROM migrations")
      .map((row) => [text(row, "name"), text(row, "sha256")]),
  );
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  for (const name of applied.keys()) {
    if (!names.includes(name))
      throw new PermanentError(`Cannot open journal: it holds migration '${name}' of a newer version`, {
        hint: "Start the version that wrote it, or restore an older copy of the data folder",
      });
  }
  for (const name of names) {
    const sql = readFileSync(new URL(name, folder), "utf8");
    const sha256 = createHash("sha256").update(sql).digest("hex");
    const known = applied.get(name);
    if (known === sha256) continue;
    if (known !== undefined)
      throw new PermanentError(`Cannot open journal: migration '${name}' differs from the one applied`);
    database.transaction(
      () => {
        database.exec(sql);
        database.run("INSERT INTO migrations (name, sha256) VALUES (?, ?)", name, sha256);
      },
      () => undefined,
    );
  }
}
