import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { commands, usage } from "./commands/commands.ts";
import { sharedOptions } from "./commands/shared-options.ts";
import { configJsonSchema } from "./config-json-schema.ts";
import { hideSecrets, loadConfig } from "./load-config.ts";
import { PermanentError, TransientError } from "./model/errors.ts";
import { version } from "./version.ts";

/** The command line. The only file that ends the process. */
async function main(argv: string[]): Promise<number> {
  const named = argv[0] !== undefined && !argv[0].startsWith("-");
  const name = named ? (argv[0] ?? "") : "";
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (named && command === undefined) return refuse(`Cannot run '${name}': it is not a command`);
  const { values, positionals } = parseArgs({
    args: named ? argv.slice(1) : argv,
    options: { ...sharedOptions, ...command?.options },
    allowPositionals: true,
  });
  if (values.version === true) return print(`${version()}\n`);
  if (values.help === true) return print(usage(name));
  if (values["print-config-schema"] === true)
    return print(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  const configFile = typeof values.config === "string" ? values.config : "";
  const load = () => loadConfig({ file: configFile, env: process.env, flags: settingsOf(values) });
  const { config, unknownVariables } = load();
  for (const variable of unknownVariables) {
    process.stderr.write(`Warning: '${variable}' is not a setting of Evenkeel\n`);
  }
  if (values["print-config"] === true) return print(stringify(hideSecrets(config)));
  if (command === undefined) return refuse("Cannot start: no command was given");
  return command.run({ config, values, positionals, configFile, reread: () => load().config });
}

/** Flags that set a key of the configuration. */
function settingsOf(values: Record<string, unknown>): Record<string, unknown> {
  const port = values.port;
  return {
    data: values.data,
    role: values.role,
    "clickhouse.cluster": values.cluster,
    port: typeof port === "string" && /^\d+$/.test(port) ? Number(port) : port,
  };
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function refuse(message: string): number {
  process.stderr.write(`${message}\nTry: evenkeel --help\n`);
  return 2;
}

function report(error: unknown): number {
  if (error instanceof PermanentError) {
    process.stderr.write(`${error.message}\n${error.hint === "" ? "" : `${error.hint}\n`}`);
    return 2;
  }
  if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
    return refuse(error.message);
  }
  if (error instanceof TransientError) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/** Ends the process once its readers have everything: what a full pipe has not taken yet would be lost with the process. */
async function end(code: number): Promise<never> {
  for (const out of [process.stdout, process.stderr]) await new Promise((done) => out.write("", done));
  process.exit(code);
}

for (const out of [process.stdout, process.stderr]) {
  // A reader that has seen enough (`evenkeel demo | head`) is no fault.
  out.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

void main(process.argv.slice(2)).catch(report).then(end);
