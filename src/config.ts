import { z } from "zod";
import { signalKinds } from "./model/signal.ts";

/**
 * The one schema of the configuration. Every key has a description and a default, so an empty file is valid.
 * Keys marked `secret` are never printed. Strings default to "", which means "not set".
 */
const secret = (description: string) => z.string().default("").meta({ description, secret: true });
const text = (description: string, initial = "") => z.string().default(initial).meta({ description });
const whole = (description: string, initial: number, min: number, max: number) =>
  z.int().min(min).max(max).default(initial).meta({ description });
const share = (description: string, initial: number) =>
  z.number().min(0).max(1).default(initial).meta({ description });
const words = (description: string, initial: string[]) =>
  z.array(z.string()).default(initial).meta({ description });
const url = (description: string) =>
  z
    .union([z.literal(""), z.url({ protocol: /^https?$/, error: "must be an http or https URL" })])
    .default("")
    .meta({ description });

const signalKind = z.enum(Object.keys(signalKinds) as [keyof typeof signalKinds]);

const fieldRule = z.strictObject({
  required: z.boolean().optional().meta({ description: "The field must be there and not empty" }),
  type: z
    .enum(["string", "number", "integer", "boolean", "object", "array"])
    .optional()
    .meta({ description: "JSON type of the value" }),
  pattern: z
    .string()
    .refine(isRegExp, { error: "must be a regular expression" })
    .optional()
    .meta({ description: "Regular expression that the whole text must match" }),
  format: z
    .enum(["email", "date", "date-time", "uri", "uuid"])
    .optional()
    .meta({ description: "Well-known form of the text" }),
  minimum: z.number().optional().meta({ description: "Smallest number" }),
  maximum: z.number().optional().meta({ description: "Largest number" }),
  allowed: z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .meta({ description: "The only values there may be" }),
});

const fieldRules = (description: string) => z.record(z.string(), fieldRule).optional().meta({ description });

const pauseAdapter = z
  .strictObject({
    platform: z
      .enum(["n8n", "make", "temporal", "airflow", "prefect", "trigger.dev", "windmill"])
      .meta({ description: "Platform that runs the workflow" }),
    url: z.url({ protocol: /^https?$/ }).meta({ description: "Base address of the platform's API" }),
    id: z
      .string()
      .min(1)
      .meta({ description: "What to pause there: workflow, scenario, schedule, DAG, deployment or queue" }),
    token: secret("Token of the platform's API"),
    namespace: text("Temporal namespace or Windmill workspace"),
    api_version: z.int().optional().meta({ description: "Airflow's API version, 1 or 2" }),
  })
  .optional();

const pause = z.strictObject({
  mode: z
    .enum(["off", "dry-run", "on"])
    .default("off")
    .meta({ description: "Whether a drift may stop the workflow; `dry-run` only says that it would have" }),
  webhook: url("Called with a signed message when the workflow is paused or resumed"),
  secret: secret(
    "Signs the pause webhook (`whsec_…`); empty: the secret of `routes.webhook`, or one made at first start",
  ),
  on: z
    .array(signalKind)
    .default(["null_rate", "output_distribution", "override_rate"])
    .meta({ description: "Kinds of signal whose drift stops the workflow" }),
  adapter: pauseAdapter,
});

const criterion = z
  .strictObject({
    metric: signalKind.meta({ description: "Signal that the criterion speaks of" }),
    field: text("Field path; empty for the whole run"),
    at_most: z.number().optional().meta({ description: "The value must not be above it" }),
    at_least: z.number().optional().meta({ description: "The value must not be below it" }),
    window_days: whole("Days that one figure covers", 7, 1, 90),
    runs_min: whole("Observations that one figure must rest on", 50, 1, 1_000_000),
    windows: whole("So many windows in a row must hold", 1, 1, 12),
  })
  .refine(({ at_most: most, at_least: least }) => most !== undefined || least !== undefined, {
    error: "must have at_most or at_least",
  });

const workflow = z.strictObject({
  owner: text("Who is told. A workflow without one says so on its board and in every message"),
  review: z
    .strictObject({
      sample_rate: share("Share of runs chosen for review at random", 0.01),
      min_per_week: whole("At least so many reviews a week at low volume", 5, 0, 10_000),
      second_share: share("Share of reviewed runs that a second person sees as well", 0),
      topics: words("Words that make a run ask for eyes (`contract`, `refund`)", []),
    })
    .prefault({}),
  pause: pause.prefault({}),
  scorecard: z
    .array(criterion)
    .default([])
    .meta({ description: "Success criteria, written before the pilot begins" }),
  contract: z
    .strictObject({
      inputs: fieldRules("Rules by field path below the inputs (`customer.email`, `lines[].amount`)"),
      outputs: fieldRules("Rules by field path below the outputs"),
    })
    .prefault({}),
  confidence_below: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: "A run below it counts as low confidence" }),
});

const key = z.strictObject({
  name: z.string().min(1).meta({ description: "Name of the key in the audit log" }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: "must be the SHA-256 of the key, 64 hexadecimal digits" })
    .meta({ description: "SHA-256 of the key" }),
  scopes: z
    .array(z.enum(["ingest", "review", "admin", "metrics"]))
    .min(1)
    .meta({ description: "What the key may do: `ingest`, `review`, `admin`, `metrics`" }),
});

const routes = z.strictObject({
  slack: z
    .strictObject({
      webhook_url: secret("Slack incoming webhook: one message per transition"),
      bot_token: secret("Slack bot token: one thread per incident, with buttons"),
      channel: text("Slack channel of the bot"),
      signing_secret: secret("Verifies Slack button presses"),
    })
    .prefault({}),
  alertmanager: z
    .strictObject({ url: url("Alertmanager to post to, where no Prometheus rules do") })
    .prefault({}),
  webhook: z
    .strictObject({
      url: url("Receives every incident transition (Standard Webhooks)"),
      secret: secret("Signs the webhook (`whsec_…`); several for rotation, separated by spaces"),
    })
    .prefault({}),
});

const limits = z.strictObject({
  body_bytes_max: whole("Largest request body, also after decompression", 20 * 1024 * 1024, 1024, 1 << 30),
  field_bytes_max: whole("Larger values are cut, with size and hash kept", 64 * 1024, 256, 1 << 26),
  fields_per_workflow_max: whole(
    "Field paths watched per workflow; further ones fold into `other`",
    200,
    1,
    10_000,
  ),
  categories_max: whole("Distinct values past which a field is text", 100, 2, 10_000),
  spool_bytes_max: whole(
    "Past it the answer is 503 until ClickHouse has caught up",
    4 * 1024 ** 3,
    1 << 20,
    2 ** 45,
  ),
});

export const configSchema = z.strictObject({
  host: text("Address to listen on; empty: loopback without keys, every address with keys"),
  port: whole("Port for everything; 0 takes a free one", 4318, 0, 65_535),
  data: text("Folder that holds all data", "./evenkeel-data"),
  role: z
    .enum(["all", "collector", "monitor"])
    .default("all")
    .meta({ description: "What this process does" }),
  public_url: url("Where people reach the page; used for links in messages"),
  clickhouse: z
    .strictObject({
      url: url("ClickHouse server; empty: embedded chDB"),
      user: text("ClickHouse user", "default"),
      password: secret("ClickHouse password"),
      database: z
        .string()
        .regex(/^[A-Za-z_]\w*$/, { error: "must be an identifier" })
        .default("evenkeel")
        .meta({ description: "ClickHouse database" }),
    })
    .prefault({}),
  keys: z.array(key).default([]).meta({ description: "Keys by SHA-256, each with its scopes" }),
  routes: routes.prefault({}),
  allow_private_webhooks: z
    .boolean()
    .default(false)
    .meta({ description: "Lets webhooks and adapters reach private addresses" }),
  false_alarms_per_1000_workflow_days: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .meta({ description: "The false-alarm budget of each workflow" }),
  baseline_runs_min: whole("Runs before the first baseline", 100, 20, 1_000_000),
  sweep_seconds: z
    .number()
    .min(0.1)
    .max(600)
    .default(5)
    .meta({ description: "Seconds between detection sweeps" }),
  redaction: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .meta({ description: "Removes secrets and personal data before anything is stored" }),
      fields: words("Field paths whose values are always removed (`input.customer.name`)", []),
      allow: words("Field paths that are never touched", []),
    })
    .prefault({}),
  words: z
    .strictObject({
      null: words("Values that mean nothing was there", [
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "-",
        "--",
        "tbd",
        "?",
      ]),
      failure: words("Text that shows a failed answer, besides the built-in ones", []),
    })
    .prefault({}),
  retention: z
    .strictObject({
      runs_days: whole("Days that runs are kept", 90, 1, 36_500),
      rollups_days: whole("Days that counts are kept", 400, 30, 36_500),
    })
    .prefault({}),
  limits: limits.prefault({}),
  workflows: z
    .record(z.string().min(1).max(200), workflow)
    .default({})
    .meta({ description: "Settings per workflow" }),
});

/** The parsed configuration. */
export type Config = z.infer<typeof configSchema>;

/** The settings of one workflow. */
export type WorkflowConfig = Config["workflows"][string];

/** A workflow's settings; the defaults for one that the configuration does not name. */
export function workflowConfig(config: Config, name: string): WorkflowConfig {
  return config.workflows[name] ?? workflow.parse({});
}

function isRegExp(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}
