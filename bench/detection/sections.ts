import type { Section } from "./section.ts";
import { costs } from "./sections/costs.ts";
import { councilInvoices } from "./sections/councils.ts";
import { delays, frontier, lowVolume } from "./sections/delays.ts";
import { pauses } from "./sections/pauses.ts";
import { peers } from "./sections/peers.ts";
import { quiet } from "./sections/quiet.ts";
import { changePoints, telemetry, tickets } from "./sections/streams.ts";
import { trivial } from "./sections/trivial.ts";

/** All parts of the benchmark, in the order of the table. Units and results are known to their own section alone. */
export const sections: readonly Section<unknown, unknown>[] = [
  quiet,
  trivial,
  pauses,
  delays,
  lowVolume,
  frontier,
  peers,
  councilInvoices,
  tickets,
  telemetry,
  changePoints,
  costs,
];
