import type { JsonObject } from "../model/json.ts";

/** One record of a file: its members by column name, or why it cannot be read. */
export type FileRecord =
  | {
      kind: "record";
      /** Where it begins: the first line of the file is 1. */
      line: number;
      columns: JsonObject;
      /** The record as text, to tell it from others. */
      text: string;
    }
  | { kind: "bad"; line: number; why: string };

/** A record longer than this is refused, so that a file without line ends does not fill the memory. */
export const recordBytesMax = 16 * 1024 * 1024;
