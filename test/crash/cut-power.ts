import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KillSidecarResult, killSidecar } from "./kill-sidecar.ts";

const diskBytes = 1024 ** 3;

/**
 * Runs the sidecar on a disk of its own and takes the power away again and again: what was not synced is gone, in the
 * data and in the file system. The disk is a file that is mounted; a copy of the file, taken while the process stands
 * still, holds what has reached the disk, and becomes the disk of the next life. Needs root and loop devices.
 */
export async function cutPower({
  cuts,
  seed,
}: {
  cuts: number;
  seed: number;
}): Promise<{ kind: "impossible"; why: string } | { kind: "cut"; result: KillSidecarResult }> {
  const why = obstacle();
  if (why !== "") return { kind: "impossible", why };
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-power-"));
  const disk = join(folder, "disk.img");
  const mountPoint = join(folder, "disk");
  mkdirSync(mountPoint);
  writeFileSync(disk, "");
  truncateSync(disk, diskBytes);
  execFileSync("mkfs.ext4", ["-q", disk]);
  // The file system writes its journal by itself only every five minutes: a copy is not torn by that.
  const mount = () => execFileSync("mount", ["-o", "loop,commit=300", disk, mountPoint]);
  const unmount = () => execFileSync("umount", [mountPoint]);
  mount();
  try {
    const result = await killSidecar({
      kills: cuts,
      seed,
      data: join(mountPoint, "data"),
      async end(sidecar) {
        sidecar.process.kill("SIGSTOP");
        const copy = join(folder, "copy.img");
        execFileSync("cp", ["--sparse=always", disk, copy]);
        await sidecar.kill();
        unmount();
        renameSync(copy, disk);
        mount();
      },
    });
    return { kind: "cut", result };
  } finally {
    unmount();
    rmSync(folder, { recursive: true });
  }
}

function obstacle(): string {
  if (process.getuid?.() !== 0) return "only root can mount a disk";
  if (!existsSync("/dev/loop-control")) return "there are no loop devices";
  return "";
}
