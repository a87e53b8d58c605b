import { z } from "zod";
import { approvalSchema } from "./config-approval.ts";
import { contractSchema } from "./config-contract.ts";
import { secret, share, text, webhookUrl, whole, words } from "./config-values.ts";
import { compareSchema, shadowSchema } from "./config-practice.ts";
import { signalKinds } from "./model/signal.ts";

const signalKind = z.enum(Object.keys(signalKinds) as [keyof typeof signalKinds]);

const pauseAdapter = z
  .strictObject({
    platform: z
      .enum(["n8n", "make", "temporal", "airflow", "prefect", "trigger.dev", "windmill"])
      .meta({ description: "Platform that runs the workflow" }),
    url: z
      .url({ protocol: /^https?$/ })
      .meta({ description: "Base address of the platform's API", address: "server" }),
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
  webhook: webhookUrl("Called with a signed message when the workflow is paused or resumed"),
  secret: secret(
    "Signs the pause webhook (`whsec_…`); empty: the secret of `routes.webhook`, or one made at first start",
  ),
  on: z
    .array(signalKind)
    .default(["null_rate", "output_distribution", "override_rate"])
    .meta({ description: "Kinds of signal whose drift stops the workflow" }),
  trial_runs: whole(
    "After a resume, so many runs are looked at and the workflow is paused again if they are bad; 0: none",
    0,
    0,
    10_000,
  ),
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

const days = (description: string) => z.int().min(1).max(36_500).optional().meta({ description });

const source = z.strictObject({
  kind: z
    .enum(["mailbox", "table", "folder", "file", "api", "queue", "other"])
    .meta({ description: "What it is: `mailbox`, `table`, `folder`, `file`, `api`, `queue` or `other`" }),
  name: z.string().trim().min(1).meta({ description: "Its name, as the attribute `source` of steps has it" }),
  account: text("The account that is used"),
  steps: words("Names of the steps that use it", []),
});

const sources = (description: string) => z.array(source).default([]).meta({ description });

/** The settings of one workflow. */
export const workflowSchema = z.strictObject({
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
  reads: sources("What the workflow reads: its data map, with `writes`"),
  writes: sources("What the workflow writes"),
  contract: contractSchema,
  approval: approvalSchema,
  compare: compareSchema,
  shadow: shadowSchema,
  retention: z
    .strictObject({
      runs_days: days("Days that runs of this workflow are kept; left out: as for all"),
      rollups_days: days("Days that counts of this workflow are kept; left out: as for all"),
    })
    .prefault({}),
  confidence_below: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: "A run below it counts as low confidence" }),
});
