import { parseArgs } from "node:util";
import { delayCases } from "../detection/delay.ts";
import { peerStream } from "./streams.ts";

/**
 * Prints the streams of one case for other libraries, a JSON object a line: see `PeerStream`.
 *
 *   node --import tsx bench/peers/export.ts --world real --case "rate 2 → 20 %" | python bench/peers/compare.py
 */
const { values } = parseArgs({
  options: {
    world: { type: "string", default: "iid" },
    case: { type: "string", default: "rate 2 → 20 %" },
    streams: { type: "string", default: "8" },
    seed: { type: "string", default: "1" },
    days: { type: "string", default: "30" },
  },
});
const one = delayCases.find(({ name }) => name === values.case);
if (one === undefined) {
  const names = delayCases.map(({ name }) => `'${name}'`).join(", ");
  throw new RangeError(`Cannot export streams: '--case' must be one of ${names}, got '${values.case}'`);
}
const { world } = values;
if (world !== "iid" && world !== "seasonal" && world !== "real")
  throw new RangeError(`Cannot export streams: '--world' must be iid, seasonal or real, got '${world}'`);
for (let at = 0; at < Number(values.streams); at++) {
  const seed = Number(values.seed) + at;
  console.log(JSON.stringify(peerStream({ world, one, seed, quietDays: Number(values.days) })));
}
