import type { CellType } from "./column-map.ts";
import type { FileRecord } from "./record.ts";

const plainNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?(?:e[+-]?\d{1,2})?$/i;
const word = /^(?:true|false)$/i;

/**
 * Decides from the first records of a CSV file what its columns hold, so that imported fields have the types of live ones:
 * a column whose every cell is a number (no leading zeros) is numbers, one of `true` and `false` booleans, any other text.
 * Empty cells say nothing.
 */
export function learnCellTypes(
  records: readonly FileRecord[],
  header: readonly string[],
): Map<string, CellType> {
  const types = new Map<string, CellType>();
  for (const column of header) {
    const cells = records.flatMap((record) => {
      const cell = record.kind === "record" ? record.columns[column] : "";
      return typeof cell === "string" && cell.trim() !== "" ? [cell.trim()] : [];
    });
    if (cells.length === 0) types.set(column, "text");
    else if (cells.every((cell) => plainNumber.test(cell))) types.set(column, "number");
    else types.set(column, cells.every((cell) => word.test(cell)) ? "boolean" : "text");
  }
  return types;
}
