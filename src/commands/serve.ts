import { once } from "node:events";
import { createApp } from "../app.ts";
import { createLog } from "../log.ts";
import { systemClock } from "../model/clock.ts";
import type { Command } from "./command.ts";

/** Runs the sidecar until it is asked to stop. */
export const serve: Command = {
  summary: "run the sidecar",
  synopsis: "[options]",
  options: {},
  async run({ config }) {
    const log = createLog();
    const app = await createApp({ config, clock: systemClock, log });
    const address = await app.listen();
    process.stdout.write(`Evenkeel listens on ${address}\n`);
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
    await app.stop();
    return 0;
  },
};
