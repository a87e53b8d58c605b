import { backtest } from "./backtest.ts";
import { canary } from "./canary.ts";
import { check } from "./check.ts";
import type { Command, CommandOptions } from "./command.ts";
import { contract } from "./contract.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { exportRows } from "./export.ts";
import { forget } from "./forget.ts";
import { importFile } from "./import.ts";
import { init } from "./init.ts";
import { report } from "./report.ts";
import { serve } from "./serve.ts";
import { sharedOptions } from "./shared-options.ts";

/** Every command by its name. */
export const commands: Partial<Record<string, Command>> = {
  serve,
  demo,
  import: importFile,
  backtest,
  check,
  canary,
  report,
  export: exportRows,
  forget,
  contract,
  init,
  doctor,
};

/** The text of `--help`, for one command or for all. */
export function usage(name: string): string {
  const command = commands[name];
  const shared = `Options of every command\n${optionLines(sharedOptions)}`;
  if (command !== undefined) {
    const own = optionLines(command.options);
    const options = own === "" ? shared : `Options\n${own}\n${shared}`;
    return `evenkeel ${name} ${command.synopsis}\n\n  ${command.summary}\n\n${options}`;
  }
  const lines = Object.entries(commands).map(([key, entry]) => `  ${key.padEnd(10)} ${entry?.summary ?? ""}`);
  return `Evenkeel watches AI automations and says so when they drift.\n\nUsage: evenkeel COMMAND [options]\n\n${lines.join("\n")}\n\n${shared}`;
}

const nameWidth = 24;

/** One line for each option: its name, what it is for, and what holds without it. */
function optionLines(options: CommandOptions): string {
  const lines = Object.entries(options).map(([name, { short, value, means, otherwise }]) => {
    const names = [
      short === undefined ? "" : `-${short}, `,
      `--${name}`,
      value === undefined ? "" : ` ${value}`,
    ];
    const fallback = otherwise === undefined ? "" : ` (default: ${otherwise})`;
    return `  ${names.join("").padEnd(nameWidth)} ${means}${fallback}\n`;
  });
  return lines.join("");
}
