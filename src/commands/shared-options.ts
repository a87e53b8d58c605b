/** Options of every command. */
export const sharedOptions = {
  config: {
    type: "string",
    value: "FILE",
    means: "YAML file with settings; every key has a default",
    otherwise: "none",
  },
  data: { type: "string", value: "DIR", means: "folder that holds all data", otherwise: "./evenkeel-data" },
  port: { type: "string", value: "N", means: "port for everything", otherwise: "4318" },
  role: {
    type: "string",
    value: "ROLE",
    means: "all, collector or monitor (docs/scale.md)",
    otherwise: "all",
  },
  cluster: {
    type: "string",
    value: "NAME",
    means: "ClickHouse cluster to make the tables on (docs/scale.md)",
    otherwise: "none",
  },
  "print-config": { type: "boolean", means: "show the settings in force, secrets hidden" },
  "print-config-schema": { type: "boolean", means: "show the JSON Schema of the settings, for editors" },
  version: { type: "boolean", means: "show the version" },
  help: { type: "boolean", short: "h", means: "show this text" },
} as const;
