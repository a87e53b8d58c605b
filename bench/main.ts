/**
 * Every benchmark, one after another, each with its bars: about half an hour.
 *
 *   npm run bench [-- ingest sdk]      all, or those named
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

const benches: Record<string, string[]> = {
  ingest: ["--import", "tsx", "bench/ingest.ts", "--forms"],
  collector: ["--import", "tsx", "bench/collector.ts"],
  sweep: ["--max-semi-space-size=64", "--import", "tsx", "bench/sweep.ts"],
  storage: ["--import", "tsx", "bench/storage.ts"],
  sdk: ["bench/sdk.mjs"],
  pages: ["--import", "tsx", "bench/pages.ts"],
  detection: ["--import", "tsx", "bench/detection/main.ts"],
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in benches));
if (unknown.length > 0)
  throw new Error(`Cannot measure '${unknown.join("', '")}': there are ${Object.keys(benches).join(", ")}`);
const failed: string[] = [];
for (const [name, args] of Object.entries(benches)) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`\n== ${name} ==`);
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.log(`\nnot measured: ${failed.join(", ")}`);
  process.exitCode = 1;
}
