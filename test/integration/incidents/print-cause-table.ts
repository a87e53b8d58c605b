// Prints how often layer and slice are named right: npx tsx test/integration/incidents/print-cause-table.ts SEED PER_FAULT
import { minuteMs } from "../../../src/model/clock.ts";
import { runCauseTable } from "./cause-table.ts";
import { createFaultCases } from "./faults.ts";

const [seed = "1", perFault = "1", detail = ""] = process.argv.slice(2);
const startedMs = performance.now();
const results = await runCauseTable(createFaultCases(Number(seed), Number(perFault)));
for (const one of results) {
  const { incident } = one;
  const slice = incident?.cause.slice;
  console.log(
    [
      one.layerRight ? "ok   " : "WRONG",
      one.sliceRight === null ? "-    " : one.sliceRight ? "ok   " : "WRONG",
      one.workflow.padEnd(42),
      `${Math.round(one.delayMs / minuteMs)} min`.padEnd(9),
      `${one.incidents} incidents`,
      incident?.cause.layer ?? "none",
      slice ? `${slice.attribute}=${slice.value} ${slice.share.toFixed(2)}` : "",
    ].join(" "),
  );
  if (detail !== "" && (!one.layerRight || one.sliceRight === false || one.incidents > 1)) {
    for (const signal of incident?.signals ?? []) console.log(`      ${signal.sentence}`);
    for (const reason of incident?.cause.reasons ?? []) console.log(`      > ${reason}`);
  }
}
const share = (values: readonly boolean[]) => `${values.filter(Boolean).length} of ${values.length}`;
console.log(`layer right: ${share(results.map((one) => one.layerRight))}`);
console.log(
  `slice right: ${share(results.flatMap((one) => (one.sliceRight === null ? [] : [one.sliceRight])))}`,
);
console.log(`${Math.round((performance.now() - startedMs) / 1000)} s`);
