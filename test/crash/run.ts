// `npm run test:crash [-- KILLS [SEED]]`: kills the sidecar, and its parts without what makes storing exactly once, and
// prints what was found beside what is promised. Ends with 1 if a promise is broken or a control does not fail.
import { spawnSync } from "node:child_process";
import { cutPower } from "./cut-power.ts";
import { killLoop } from "./kill-loop.ts";
import { killSidecar } from "./kill-sidecar.ts";
import { storeAway } from "./store-away.ts";

const kills = Number(process.argv[2] ?? 1_000);
const seed = Number(process.argv[3] ?? 1);
const rows: { what: string; bar: string; measured: string; isKept: boolean }[] = [];

const sidecar = await killSidecar({
  kills,
  seed,
  onKill: (kill) => kill % 10 === 0 && console.log(`${kill} kills of the sidecar`),
});
const starts = sidecar.startMs.toSorted((a, b) => a - b);
const acknowledged = `of ${sidecar.acknowledged} acknowledged, ${kills} kills`;
count("acknowledged runs lost", sidecar.lost, acknowledged);
count("runs doubled", sidecar.doubled, acknowledged);
count("counted by minute beside the table", sidecar.minutesOff, acknowledged);
count("counted by hour beside the table", sidecar.hoursOff, acknowledged);
count("acknowledged pauses of which nobody was told", sidecar.untold, `of ${sidecar.pauses}`);
count("pauses told under two ids", sidecar.toldTwice, `of ${sidecar.pauses}`);
const medianMs = starts[Math.floor(starts.length / 2)] ?? 0;
rows.push({
  what: "start to accepting, median and longest",
  bar: "1.5 s",
  measured: `${(medianMs / 1000).toFixed(2)} s, ${((starts.at(-1) ?? 0) / 1000).toFixed(2)} s, with the load beside it`,
  isKept: medianMs < 1_500,
});

const cuts = Math.ceil(kills / 10);
const power = await cutPower({ cuts, seed });
if (power.kind === "impossible") console.log(`The power was not cut: ${power.why}`);
else {
  const { lost, doubled, minutesOff, hoursOff, untold, toldTwice, acknowledged: runs } = power.result;
  const wrong = lost + doubled + Math.abs(minutesOff) + Math.abs(hoursOff) + untold + toldTwice;
  count("the same after losing what was not synced", wrong, `of ${runs} acknowledged, ${cuts} power cuts`);
}

const away = await storeAway({ secondsAway: kills < 100 ? 10 : 120, secondsFaulty: 5, runsPerSecond: 1_000 });
const { drainRatio, refused, failedCalls } = away;
const ofAway = `of ${away.acknowledged}, the store away, slow, deaf and failing`;
count("runs lost, doubled or miscounted", away.lost + away.doubled + Math.abs(away.minutesOff), ofAway);
count("requests refused; gates, pauses and incident lists that failed", refused + failedCalls.length, ofAway);
rows.push({
  what: "drained, as a multiple of what kept coming",
  bar: "2",
  measured: drainRatio.toFixed(1),
  isKept: drainRatio >= 2,
});

const parts = await killLoop({ kills: cuts, seed });
const lossy = `of ${parts.acknowledged}, ${parts.kills} kills, every fifth answer of the store lost`;
count("spool and writer: lost, doubled", parts.lost + parts.doubled, lossy);
const noToken = await killLoop({ kills: 1, seed, control: "no-token" });
control("without tokens: counted twice", noToken.doubled + noToken.minutes - noToken.acknowledged);
const noIds = await killLoop({ kills: 1, seed, control: "no-ids" });
control("without known ids: runs doubled", noIds.doubled);

const alerts = ["run", "--project", "integration", "test/integration/alerts/crash.test.ts"];
const { status } = spawnSync("npx", ["vitest", ...alerts], { stdio: "inherit" });
count(
  "alerts: owed and not told, or told under two ids",
  status ?? 1,
  "killed before every write of a delivery",
);

console.log("| promise | bar | measured |\n| --- | --- | --- |");
for (const { what, bar, measured } of rows) console.log(`| ${what} | ${bar} | ${measured} |`);
process.exit(rows.every(({ isKept }) => isKept) ? 0 : 1);

function count(what: string, found: number, of: string): void {
  rows.push({ what, bar: "0", measured: `${found} ${of}`, isKept: found === 0 });
}

function control(what: string, found: number): void {
  rows.push({ what, bar: "more than 0", measured: String(found), isKept: found > 0 });
}
