import { TransientError } from "../../model/errors.ts";

/**
 * The answer of a read that may fail because ClickHouse is away; null then, so that a page can still show what
 * the journal and the monitor know. Other faults are thrown on.
 */
export async function reach<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof TransientError) return null;
    throw error;
  }
}
