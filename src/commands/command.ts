import type { ParseArgsConfig } from "node:util";
import type { Config } from "../config.ts";

/** What a command is given: the checked configuration and its own options. */
export interface CommandContext {
  config: Config;
  values: Record<string, unknown>;
  positionals: string[];
  /** Path of the configuration file, "" for none. */
  configFile: string;
  /** Reads the configuration once more from where it came. @throws {PermanentError} as at the start. */
  reread: () => Config;
}

/** One command of the command line. */
export interface Command {
  /** One line for `--help`. */
  summary: string;
  /** Arguments and own options, as shown after the command's name. */
  synopsis: string;
  options: NonNullable<ParseArgsConfig["options"]>;
  /** Runs to its end and answers the exit code. */
  run(context: CommandContext): Promise<number>;
}
