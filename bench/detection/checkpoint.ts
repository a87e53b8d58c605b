import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Order } from "./worker.ts";

/** Keeps the result of every piece of work, so that a run that was stopped can be resumed. */
export interface Checkpoint {
  /** Results that were kept, by order. */
  known(order: Order): { result: unknown } | null;
  keep(order: Order, result: unknown): void;
}

/**
 * Opens the checkpoint of a run.
 *
 * The file has one line of JSON for the sources that the results come from, then one for each piece of work. A line
 * that a crash cut off is left out.
 *
 * @param resume Reads what is there; false begins anew. Results of other sources are never read.
 */
export function openCheckpoint(path: string, sources: string, resume: boolean): Checkpoint {
  const lines = resume && existsSync(path) ? readFileSync(path, "utf8").split("\n").flatMap(parsed) : [];
  const [first, ...rest] = lines as [{ sources?: string }?, ...{ order: Order; result: unknown }[]];
  const kept = first?.sources === sources ? rest : [];
  const results = new Map(kept.map(({ order, result }) => [JSON.stringify(order), { result }]));
  mkdirSync(dirname(path), { recursive: true });
  const all = [{ sources }, ...kept].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(path, all.join(""));
  return {
    known: (order) => results.get(JSON.stringify(order)) ?? null,
    keep: (order, result) => appendFileSync(path, `${JSON.stringify({ order, result })}\n`),
  };
}

function parsed(line: string): unknown[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

/** A fingerprint of all that the figures depend on: the detectors and this benchmark. */
export function fingerprint(): string {
  const hash = createHash("sha256");
  for (const folder of ["../../src/detectors", "../../src/model", "../peers", "."]) {
    const root = fileURLToPath(new URL(folder, import.meta.url));
    const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    for (const name of names.sort()) hash.update(readFileSync(join(root, name)));
  }
  return hash.digest("hex").slice(0, 12);
}
