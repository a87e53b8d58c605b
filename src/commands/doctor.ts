import type { Command } from "./command.ts";
export const doctor: Command = { summary: "x", synopsis: "", options: {}, run: () => Promise.resolve(0) };
