import { type Logger, pino } from "pino";

/** JSON lines on standard error; `EVENKEEL_LOG_LEVEL` is deliberately not a setting: `info` says what matters. */
export function createLog(): Logger {
  return pino({ name: "evenkeel", base: null }, pino.destination({ dest: 2, sync: true }));
}
