import { createHash } from "node:crypto";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PermanentError } from "../model/errors.ts";

/** Keeps other processes of this machine out of a spool. */
export interface SpoolLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a folder: a socket that the process listens on. Unlike a file with a process id, it can be told
 * from the rest of a process that was killed, for nobody answers there.
 *
 * @throws {PermanentError} If another process, or this one, has the spool open.
 */
export async function lockSpool(dir: string): Promise<SpoolLock> {
  // Not inside the folder: the path of a socket may have 104 characters at most.
  const name = createHash("sha256").update(realpathSync(dir)).digest("hex").slice(0, 24);
  const path = join(tmpdir(), `evenkeel-spool-${name}.sock`);
  const server = (await listen(path)) ?? (await replaceAbandoned(path));
  if (server === null) {
    throw new PermanentError(`Cannot open the spool in '${dir}': another process has it open`, {
      hint: "One process at a time can use a data folder.",
    });
  }
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function replaceAbandoned(path: string): Promise<Server | null> {
  if (await isAnswered(path)) return null;
  rmSync(path, { force: true });
  return listen(path);
}

/** Null if the path is taken. */
function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    server.listen(path, () => resolve(server));
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
