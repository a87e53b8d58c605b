import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSegment } from "../../../src/collector/segment-format.ts";
import { eventually, type Sidecar, startSidecar } from "../../sidecar.ts";

const json = { "content-type": "application/json" };

const script = new URL("../../crash/disk-full.ts", import.meta.url).pathname;
const fileKib = 64;

it("spool.append() refuses on a full disk, corrupts nothing, and goes on when there is room", () => {
  const dir = mkdtempSync(join(tmpdir(), "evenkeel-full-"));
  const command = `ulimit -f ${fileKib}; exec "$0" --import tsx "$1"`;
  const output = execFileSync("bash", ["-c", command, process.execPath, script], {
    env: { ...process.env, DIR: dir, TSX_DISABLE_CACHE: "1" },
    encoding: "utf8",
  });
  const { kept, refused } = JSON.parse(output) as { kept: string[]; refused: string[] };
  expect(refused.length).toBeGreaterThan(3);
  expect(refused).toEqual(expect.arrayContaining(["beside", "too-large"]));
  expect(kept).toContain("small");
  expect(kept).toContain("after");

  const segments = readdirSync(dir)
    .filter((name) => name.endsWith(".seg"))
    .sort();
  const found = segments.map((name) => readSegment(readFileSync(join(dir, name))));
  expect(found.flatMap((segment) => segment.damaged)).toEqual([]);
  const ids = found
    .flatMap((segment) => segment.records)
    .map((record) => (JSON.parse(record.sections[0]?.ndjson.toString() ?? "") as { run_id: string }).run_id);
  expect(ids).toEqual(kept);
});

const small = smallDisk();
if (small === "")
  process.stderr.write("Not tested: the sidecar on a full disk; only root may mount a small one\n");
else describe("serve on a disk that fills up", () => onSmallDisk(small));

/** Mounts a small disk in memory; "" where that is not allowed. */
function smallDisk(): string {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-small-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=192m", "none", folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return "";
}

/** The whole sidecar on a small disk. */
function onSmallDisk(folder: string): void {
  const filler = join(folder, "filler");
  let sidecar: Sidecar;
  beforeAll(async () => {
    mkdirSync(join(folder, "data"));
    sidecar = await startSidecar(join(folder, "data"));
  });
  afterAll(async () => {
    await sidecar.stop();
    execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  });

  const acknowledged: string[] = [];
  let sent = 0;

  /** Sends some runs of 20 KB; answers the status. */
  async function send(): Promise<Response> {
    const ids = Array.from({ length: 5 }, () => `full-${sent++}`);
    const noise = () =>
      Buffer.from(Array.from({ length: 10_000 }, () => Math.random() * 256)).toString("hex");
    const runs = ids.map((run_id) => ({ run_id, workflow: "full", inputs: { noise: noise() } }));
    const answer = await fetch(`${sidecar.url}/v1/runs`, {
      method: "POST",
      headers: json,
      body: JSON.stringify(runs),
    });
    if (answer.ok) acknowledged.push(...ids);
    return answer;
  }

  /** Leaves so many bytes free. */
  function fill(bytesFree: number): void {
    const { bavail, bsize } = statfsSync(folder);
    const file = openSync(filler, "w");
    const block = Buffer.alloc(1 << 20, 1);
    for (let left = bavail * bsize - bytesFree; left > 0; left -= block.length)
      writeSync(file, block, 0, Math.min(left, block.length));
    closeSync(file);
  }

  const pause = (act: "pause" | "resume") =>
    fetch(`${sidecar.url}/v1/workflows/full/${act}`, {
      method: "POST",
      headers: json,
      body: JSON.stringify({ actor: "ana", reason: "the disk is full" }),
    });
  const gate = async () =>
    ((await (await fetch(`${sidecar.url}/v1/workflows/full/gate`)).json()) as { state: string }).state;

  it("answers 503, goes on answering people, and takes runs again when there is room", async () => {
    expect((await send()).status).toBe(200);
    fill(2 << 20);
    const refusal = await eventually(async () => {
      const answer = await send();
      return answer.status === 200 ? null : answer;
    });
    expect(refusal.status).toBe(503);
    expect(Number(refusal.headers.get("retry-after"))).toBeGreaterThan(0);
    for (const path of ["/healthz", "/metrics", "/v1/incidents", "/"])
      expect([path, (await fetch(sidecar.url + path)).status]).toEqual([path, 200]);
    // The journal may have room for one more pause, or none. Whatever it says is what the gate says.
    const isPaused = (await pause("pause")).ok;
    expect(await gate()).toBe(isPaused ? "paused" : "running");

    rmSync(filler);
    await eventually(async () => (await send()).ok);
    expect((await pause("pause")).ok).toBe(true);
    expect((await pause("resume")).ok).toBe(true);
    const stored = async () => {
      const metrics = await (await fetch(`${sidecar.url}/metrics`)).text();
      return Number(/^evenkeel_runs_stored_total (\S+)$/m.exec(metrics)?.[1]);
    };
    await eventually(async () => (await stored()) >= acknowledged.length);
    await eventually(async () => (await fetch(`${sidecar.url}/readyz`)).ok);
  });

  it("has every acknowledged run, once, after a restart", async () => {
    expect(await sidecar.stop()).toBe(0);
    sidecar = await startSidecar(join(folder, "data"));
    const page = await fetch(`${sidecar.url}/v1/runs?workflow=full&limit=500`);
    const { runs } = (await page.json()) as { runs: { run_id: string }[] };
    const ids = runs.map((run) => run.run_id);
    expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });
}
