import type { SqlRow } from "./database.ts";

/** Reads a TEXT column that is never null. */
export function text(row: SqlRow, column: string): string {
  return row[column] as string;
}

/** Reads an INTEGER column that is never null. */
export function integer(row: SqlRow, column: string): number {
  return row[column] as number;
}
