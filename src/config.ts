import { z } from "zod";
import { weekdays } from "./alerts/digest-time.ts";
import { catalogueSchema, unknownCatalogues } from "./config-contract.ts";
import { secret, text, timeOfDay, url, webhookUrl, whole, words } from "./config-values.ts";
import { workflowSchema } from "./config-workflow.ts";

const key = z.strictObject({
  name: z.string().min(1).meta({ description: "Name of the key in the audit log" }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: "must be the SHA-256 of the key, 64 hexadecimal digits" })
    // Never printed, since what stands here by mistake is the key itself.
    .meta({ description: "SHA-256 of the key", secret: true }),
  scopes: z
    .array(z.enum(["ingest", "review", "admin", "metrics"]))
    .min(1)
    .meta({ description: "What the key may do: `ingest`, `review`, `admin`, `metrics`" }),
  requests_per_second: whole(
    "Requests of the key past which the answer is 429 with `Retry-After`; 0: no limit",
    1000,
    0,
    1_000_000,
  ),
});

const routes = z.strictObject({
  slack: z
    .strictObject({
      webhook_url: secret("Slack incoming webhook: one message per transition"),
      bot_token: secret("Slack bot token: one thread per incident, with buttons"),
      channel: text("Slack channel of the bot"),
      signing_secret: secret("Verifies Slack button presses"),
      api_url: text("Where Slack's Web API lives", "https://slack.com/api"),
    })
    .prefault({}),
  alertmanager: z
    .strictObject({ url: url("Alertmanager to post to, where no Prometheus rules do") })
    .prefault({}),
  webhook: z
    .strictObject({
      url: webhookUrl("Receives every incident transition (Standard Webhooks)"),
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

/**
 * The one schema of the configuration. Every key has a description and a default, so an empty file is valid.
 * Keys marked `secret` are never printed.
 */
export const configSchema = z
  .strictObject({
    host: text("Address to listen on; empty: loopback without keys, every address with keys"),
    port: whole("Port for everything; 0 takes a free one", 4318, 0, 65_535),
    grpc: z.boolean().default(true).meta({ description: "Takes OTLP over gRPC too, on a port of its own" }),
    grpc_port: z.number().int().min(0).max(65_535).optional().meta({
      description:
        "Port for OTLP over gRPC; without it the one below `port` (4317), and a free one where that is 0",
    }),
    data: text("Folder that holds all data", "./evenkeel-data"),
    role: z.enum(["all", "collector", "monitor"]).default("all").meta({
      description:
        "What this process does, where several share a ClickHouse server: `collector` takes runs, `monitor` watches them and shows the pages",
    }),
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
        cluster: z
          .string()
          .regex(/^([A-Za-z_][\w.-]*)?$/, { error: "must be the name of a cluster" })
          .default("")
          .meta({ description: "Cluster over which tables are replicated and sharded; empty: one server" }),
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
      .default(2)
      .meta({ description: "Seconds between detection sweeps" }),
    remind_hours: z.number().min(0).max(720).default(4).meta({
      description: "An open incident that nobody acknowledged is told again after so many hours; 0: never",
    }),
    quiet_hours: z
      .strictObject({
        from: timeOfDay("Warnings wait from this time of day"),
        to: timeOfDay("Warnings leave from this time of day; pauses and critical incidents never wait"),
        timezone: z
          .string()
          .refine(isTimeZone, { error: "must be a time zone such as Europe/Berlin" })
          .default("UTC")
          .meta({ description: "Time zone of the quiet hours" }),
      })
      .optional(),
    digest: z
      .enum(["", ...weekdays])
      .default("")
      .meta({
        description:
          "Weekday (`monday`) on which Slack and the webhook get every workflow's last week, at nine in the time zone of the quiet hours; empty: never",
      }),
    redaction: z
      .strictObject({
        enabled: z
          .boolean()
          .default(true)
          .meta({ description: "Removes secrets and personal data before anything is stored" }),
        fields: words("Field paths whose values are always removed (`input.customer.name`)", []),
        allow: words("Field paths that are never touched", []),
        key: secret(
          "Makes equal values look equal once they are replaced; the same for all collectors of a store. Empty: made at the first start",
        ),
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
    catalogues: z.record(z.string().min(1).max(100), catalogueSchema).default({}).meta({
      description: "Lists of allowed values that `allowed_from` names, read from a file or an address",
    }),
    workflows: z
      .record(z.string().min(1).max(200), workflowSchema)
      .default({})
      .meta({ description: "Settings per workflow" }),
  })
  .superRefine((config, context) => {
    for (const issue of roleIssues(config)) context.addIssue({ code: "custom", ...issue });
    for (const { path } of unknownCatalogues(config))
      context.addIssue({ code: "custom", path, message: "must name one of `catalogues`" });
  });

interface RoleSettings {
  role: string;
  clickhouse: { url: string; cluster: string };
  redaction: { key: string };
}

/** What a process of several on one store must say, and does not. */
function* roleIssues({
  role,
  clickhouse,
  redaction,
}: RoleSettings): Generator<{ path: string[]; message: string }> {
  if (clickhouse.url === "" && clickhouse.cluster !== "")
    yield { path: ["clickhouse", "url"], message: "must be set with 'clickhouse.cluster'" };
  if (role === "all") return;
  const message = `must be set where 'role' is ${role}`;
  if (clickhouse.url === "") yield { path: ["clickhouse", "url"], message };
  if (redaction.key === "") yield { path: ["redaction", "key"], message };
}

/** The parsed configuration. */
export type Config = z.infer<typeof configSchema>;

/** The settings of one workflow. */
export type WorkflowConfig = Config["workflows"][string];

const defaultWorkflow = Object.freeze(workflowSchema.parse({}));

/** A workflow's settings; the defaults for one that the configuration does not name. */
export function workflowConfig(config: Config, name: string): WorkflowConfig {
  // A workflow may be called `constructor`. Asked for every run, so that parsing the defaults each time would show.
  const own = Object.hasOwn(config.workflows, name) ? config.workflows[name] : undefined;
  return own ?? defaultWorkflow;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
