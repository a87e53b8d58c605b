import { type Logger, pino } from "pino";

/** JSON lines on standard error. `info` says what an operator wants to know. */
export function createLog(level: "info" | "warn" = "info"): Logger {
  return pino({ name: "evenkeel", base: null, level }, pino.destination({ dest: 2, sync: true }));
}
