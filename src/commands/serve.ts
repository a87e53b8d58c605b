import { once } from "node:events";
import { type Stats, unwatchFile, watchFile } from "node:fs";
import { type App, createApp } from "../app.ts";
import { createLog } from "../log.ts";
import { systemClock } from "../model/clock.ts";
import type { Command, CommandContext } from "./command.ts";

/** Runs the sidecar until it is asked to stop. */
export const serve: Command = {
  summary: "run the sidecar",
  synopsis: "[options]",
  options: {},
  async run(context) {
    const log = createLog();
    const app = await createApp({ config: context.config, clock: systemClock, log });
    const follow = followConfig(app, context);
    const address = await app.listen().catch(async (error: unknown) => {
      // An engine that is left open can crash the process on its way out, and hide why.
      follow.stop();
      await app.stop();
      throw error;
    });
    const grpc = app.grpcAddress();
    const also = grpc === "" ? "" : `, for OTLP over gRPC on ${grpc}`;
    process.stdout.write(`Evenkeel listens on ${address}${also}\n`);
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
    follow.stop();
    await app.stop();
    return 0;
  },
};

/** Polling sees what editors, mounts and symbolic links do to a file, where notifications do not. */
const watchEveryMs = 1_000;

/** Reloads the configuration when its file changes, and on SIGHUP. */
function followConfig(app: App, { configFile, reread }: CommandContext): { stop(): void } {
  const onSignal = () => void app.reload(reread, "SIGHUP");
  const look = ({ size, nlink }: Stats) => {
    // A file that is there and empty is one that an editor is about to write. SIGHUP takes it at its word.
    if (size > 0 || nlink === 0) app.reload(reread, "file change");
  };
  process.on("SIGHUP", onSignal);
  if (configFile !== "") watchFile(configFile, { interval: watchEveryMs, persistent: false }, look);
  return {
    stop() {
      process.off("SIGHUP", onSignal);
      if (configFile !== "") unwatchFile(configFile, look);
    },
  };
}
