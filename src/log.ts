import { type Logger, pino } from "pino";
import { PermanentError, TransientError } from "./model/errors.ts";

/** JSON lines on standard error. `info` says what an operator wants to know. */
export function createLog(level: "info" | "warn" = "info"): Logger {
  const serializers = { err: describeError };
  return pino(
    { name: "evenkeel", base: null, level, serializers },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** What the log says of an error. */
interface LoggedError {
  type: string;
  code?: string;
  message?: string;
  hint?: string;
  at?: string[];
  cause?: LoggedError;
}

const causesMax = 5;

/**
 * Says of an error what may stand in a log. Our own messages carry names, counts and sizes, and those of the operating
 * system paths; any other may quote a payload (`JSON.parse` does), so that only its kind and place are kept.
 */
export function describeError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const isOwn = error instanceof PermanentError || error instanceof TransientError;
  const logged: LoggedError = { type: error.name };
  if ("code" in error && typeof error.code === "string") logged.code = error.code;
  if (isOwn || "syscall" in error) logged.message = error.message;
  if (error instanceof PermanentError && error.hint !== "") logged.hint = error.hint;
  if (!isOwn) logged.at = framesOf(error);
  if (error.cause !== undefined && depth < causesMax) logged.cause = describeError(error.cause, depth + 1);
  return logged;
}

/** The lines of a stack that name places. What comes before them repeats the message. */
function framesOf({ stack = "", message }: Error): string[] {
  return stack
    .slice(stack.indexOf(message) + message.length)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^at .*:\d+:\d+\)?$/.test(line));
}
