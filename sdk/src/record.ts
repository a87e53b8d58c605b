import type { Snapshot } from "./snapshot.ts";

/** The value of an attribute. */
export type AttributeValue = string | number | boolean;

/** Names and values, in the order they were set; a later value of a name replaces an earlier one. */
export type Attributes = Map<string, AttributeValue>;

/** Attributes shared by all runs of a workflow and version; never changed. */
export interface Constants {
  attributes: Attributes;
  /** The same as they go into a span. */
  encoded: Uint8Array;
}

/** An error as it is sent. */
export interface ErrorRecord {
  type: string;
  message: string;
  stack: string;
}

/** One finished run or step, as a span. */
export interface SpanRecord {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  /** "" for a run. */
  parentSpanId: string;
  name: string;
  startMs: number;
  endMs: number;
  constants: Constants;
  attributes: Attributes;
  inputs: Snapshot | null;
  outputs: Snapshot | null;
  error: ErrorRecord | null;
}

/** One review or outcome, as a log record. */
export interface LogRecord {
  eventName: string;
  atMs: number;
  attributes: Attributes;
}

const errorTextChars = 8192;

/** Reads what was thrown, whatever it is. Never throws. */
export function errorRecord(thrown: unknown): ErrorRecord {
  try {
    if (!(thrown instanceof Error)) return { type: typeof thrown, message: text(thrown), stack: "" };
    return { type: text(thrown.name), message: text(thrown.message), stack: text(thrown.stack ?? "") };
  } catch {
    return { type: "Error", message: "[Unreadable]", stack: "" };
  }
}

function text(value: unknown): string {
  return String(value).slice(0, errorTextChars);
}
