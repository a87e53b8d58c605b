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

/** One option: what the parser reads, and what `--help` says of it. */
export interface CommandOption {
  type: "string" | "boolean";
  short?: string;
  /** What stands for its value: `FILE`. */
  value?: string;
  /** What it is for. */
  means: string;
  /** What holds where it is not given; nothing for one that is needed, or that switches something on. */
  otherwise?: string;
}

/** Options by name. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** One command of the command line. */
export interface Command {
  /** One line for `--help`. */
  summary: string;
  /** Arguments and own options, as shown after the command's name. */
  synopsis: string;
  options: CommandOptions;
  /** Runs to its end and answers the exit code. */
  run(context: CommandContext): Promise<number>;
}
