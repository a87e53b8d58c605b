import { backtest } from "./backtest.ts";
import { canary } from "./canary.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { contract } from "./contract.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { exportRows } from "./export.ts";
import { forget } from "./forget.ts";
import { importFile } from "./import.ts";
import { init } from "./init.ts";
import { report } from "./report.ts";
import { serve } from "./serve.ts";

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
  if (command !== undefined)
    return `evenkeel ${name} ${command.synopsis}\n\n  ${command.summary}\n${sharedUsage}`;
  const lines = Object.entries(commands).map(([key, entry]) => `  ${key.padEnd(10)} ${entry?.summary ?? ""}`);
  return `Evenkeel watches AI automations and says so when they drift.\n\nUsage: evenkeel COMMAND [options]\n\n${lines.join("\n")}\n${sharedUsage}`;
}

const sharedUsage = `
Options of every command
  --config FILE     YAML file with settings; every key has a default
  --data DIR        folder that holds all data (default ./evenkeel-data)
  --port N          port for everything (default 4318)
  --role ROLE       all, collector or monitor (docs/scale.md)
  --cluster NAME    ClickHouse cluster to make the tables on (docs/scale.md)
  --print-config    show the settings in force, secrets hidden
  --print-config-schema  show the JSON Schema of the settings, for editors
  --version         show the version
  --help            show this text
`;
