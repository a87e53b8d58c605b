import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A running `chdb-http-front.ts`. */
export interface Front {
  url: string;
  process: ChildProcess;
  stop(): Promise<void>;
}

/** Starts a ClickHouse for tests, empty unless a folder is given, on a free port unless one is. `userPassword` as in `user:password`. */
export async function startFront(userPassword?: string, dir?: string, port = "0"): Promise<Front> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", new URL("chdb-http-front.ts", import.meta.url).pathname],
    {
      env: {
        ...process.env,
        PORT: port,
        DIR: dir ?? mkdtempSync(join(tmpdir(), "evenkeel-front-")),
        ...(userPassword === undefined ? {} : { USER_PASSWORD: userPassword }),
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    return {
      url: `http://127.0.0.1:${line}`,
      process: child,
      async stop() {
        child.kill("SIGKILL");
        await once(child, "exit");
      },
    };
  }
  throw new Error("Cannot start the front: it ended before it was ready");
}
