import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { peerStream } from "../../peers/streams.ts";
import { delayCases } from "../delay.ts";
import type { Section } from "../section.ts";
import { median, sum } from "../statistics.ts";
import type { Row } from "../table.ts";
import type { World } from "../world.ts";

interface PeerUnit {
  python: string;
  world: World;
  name: string;
  seed: number;
  streams: number;
  quietDays: number;
}

/** One line of `bench/peers/compare.py`. */
interface PeerLine {
  peer: string;
  /** What could not be imported; nothing else is known then. */
  missing?: string;
  setting?: "default" | "tuned";
  value?: number | null;
  quietAlarms?: number | null;
  delays?: (number | null)[];
}

interface PeerResult {
  evenkeel: { quietAlarms: number; delays: (number | null)[] };
  lines: PeerLine[];
}

const worlds = ["real", "iid"] as const;
const cases = ["rate 2 → 20 %", "rate 1 → 5 %", "rate 10 → 20 %", "category TV .2", "number + .5 sd"];
/** Times a peer's delay that Evenkeel may take. */
const ratioBars = { iid: 1.3, real: 1 } as const;
const script = fileURLToPath(new URL("../../peers/compare.py", import.meta.url));

/** Real libraries on the very same runs, at their defaults and tuned to Evenkeel's false alarms. */
export const peers: Section<PeerUnit, PeerResult> = {
  name: "peers",
  units({ python, seed, long }) {
    if (python === null) return [];
    const size = long ? { streams: 12, quietDays: 150 } : { streams: 6, quietDays: 30 };
    return worlds.flatMap((world) => cases.map((name) => ({ python, world, name, seed, ...size })));
  },
  async run({ python, world, name, seed, streams, quietDays }) {
    const one = delayCases.find((other) => other.name === name);
    if (one === undefined) throw new RangeError(`Cannot compare with peers: no case is named '${name}'`);
    const made = Array.from({ length: streams }, (_, at) =>
      peerStream({ world, one, seed: seed + at, quietDays }),
    );
    const lines = await compare(python, made.map((stream) => JSON.stringify(stream)).join("\n"));
    return {
      evenkeel: {
        quietAlarms: sum(made.map(({ evenkeel }) => evenkeel.quietAlarms)),
        delays: made.map(({ evenkeel }) => evenkeel.delay),
      },
      lines,
    };
  },
  rows(done) {
    if (done.length === 0) return worlds.map(absentRow);
    return worlds.flatMap((world) =>
      cases.flatMap((name) =>
        done
          .filter(({ unit }) => unit.name === name && unit.world === world)
          .flatMap(({ unit, result }) => caseRows(unit, result)),
      ),
    );
  },
};

async function compare(python: string, input: string): Promise<PeerLine[]> {
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(`${input}\n`);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`Cannot compare with peers: ${python} ended with code ${code}`);
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as PeerLine);
}

function caseRows(unit: PeerUnit, { evenkeel, lines }: PeerResult): Row[] {
  const label = `${unit.world === "real" ? "restless" : unit.world}, ${unit.name}`;
  const days = unit.streams * unit.quietDays;
  const own = delayOf(evenkeel.delays);
  const rows: Row[] = [
    {
      group: "peers",
      name: `${label}: Evenkeel`,
      figure: own,
      bar: null,
      unit: "runs, median",
      basis: `${evenkeel.quietAlarms} false alarms in ${days} signal-days, ${unit.streams} replications`,
    },
  ];
  for (const { peer, missing, setting, value, quietAlarms, delays } of lines) {
    if (delays === undefined) {
      const basis = `not installed: ${missing ?? ""}`;
      rows.push({ group: "peers", name: `${label}: ${peer}`, figure: null, bar: null, unit: "", basis });
      continue;
    }
    const seen = delays.length === unit.streams ? days : (days * delays.length) / unit.streams;
    const alarms = quietAlarms ?? "more";
    const tuned = setting === "tuned";
    const basis = `${alarms} false alarms in ${seen} signal-days, ${delays.length} replications`;
    const name = `${label}: ${peer}, ${tuned ? "tuned" : "default"}${value == null ? "" : ` ${short(value)}`}`;
    const figure = delayOf(delays);
    rows.push({ group: "peers", name, figure, bar: null, unit: "runs, median", basis });
    if (!tuned) continue;
    rows.push({
      group: "peers",
      name: `${label}: Evenkeel's delay over that of ${peer}, tuned`,
      figure: own === figure ? 1 : figure === Infinity ? 0 : own / figure,
      bar: unit.world === "real" ? ratioBars.real : ratioBars.iid,
      unit: "times",
      basis: `${short(own)} / ${short(figure)} runs`,
    });
  }
  return rows;
}

function delayOf(delays: readonly (number | null)[]): number {
  return median(delays.map((delay) => delay ?? Infinity));
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "never";
}

function absentRow(world: (typeof worlds)[number]): Row {
  return {
    group: "peers",
    name: `${world === "real" ? "restless" : world}, Evenkeel's delay over each tuned peer's`,
    figure: null,
    bar: ratioBars[world],
    unit: "times",
    basis: "give a Python with bench/peers/requirements.txt by --python",
  };
}
