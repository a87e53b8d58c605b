import type { Client } from "@evenkeel/sdk";
import type { Clock } from "../model/clock.ts";
import type { Random } from "./random.ts";
import type { Records } from "./records.ts";

/** The time that runs are recorded with. The calls take no time, so it is set by hand. */
export interface RunClock extends Clock {
  ms: number;
}

/** What a live automation is made from. */
export interface AutomationParts {
  client: Client;
  records: Records;
  random: Random;
  runClock: RunClock;
}
