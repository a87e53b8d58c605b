import { randomBytes } from "node:crypto";
import type { Journal } from "./journal/port.ts";

/** A secret that is made at first start and kept in the journal, as 64 hexadecimal digits. */
export function secretOf(journal: Journal, name: string): string {
  const key = `secret ${name}`;
  const known = journal.meta.get(key);
  if (known !== null) return known;
  const made = randomBytes(32).toString("hex");
  journal.meta.set(key, made);
  return made;
}
