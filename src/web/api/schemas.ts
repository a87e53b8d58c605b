import { z } from "@hono/zod-openapi";

/**
 * What the API takes and answers. Times are ISO 8601 in UTC, shares are 0 to 1, names are snake_case.
 */
const time = z.string().meta({ description: "ISO 8601, UTC", example: "2026-11-20T09:30:00.000Z" });
const json = z.unknown().meta({ description: "Any JSON value" });

export const ErrorBody = z
  .object({ error: z.object({ message: z.string(), hint: z.string().optional() }) })
  .openapi("Error");

export const Gate = z
  .object({
    workflow: z.string(),
    state: z.enum(["running", "paused"]),
    since: time.nullable(),
    reason: z.string(),
    incident_id: z.string(),
  })
  .openapi("Gate");

/** A measured quantity with its interval. */
export const Figure = z
  .object({ value: z.number(), low: z.number(), high: z.number(), runs: z.number() })
  .openapi("Figure", { description: "A measured quantity with its 95 % interval" });

export const Signal = z
  .object({
    kind: z.string(),
    field: z.string(),
    at: time,
    verdict: z.enum(["insufficient", "stable", "drift"]),
    unit: z.string().nullable().meta({
      description:
        "Of value, current and baseline. Volume has runs/h: an average hour of the week, in the baseline and as times_usual makes it; not the runs of any hour",
    }),
    of: z.string(),
    evidence: z.number().nullable().meta({ description: "1 is the alarm level" }),
    value: z.number().nullable(),
    current: Figure.nullable(),
    baseline: Figure.nullable(),
    times_usual: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable().meta({
      description:
        "Of volume alone: how many times as many runs came as are usual at that time of the week, with its 95 % interval",
    }),
    direction: z.enum(["up", "down"]).nullable(),
    onset: z.object({ at: time, earliest: time, latest: time }).nullable(),
    runs_min: z.number().nullable().meta({ description: "Set while there is not enough data" }),
    explanation: z.string(),
  })
  .openapi("Signal");

export const Change = z
  .object({
    change_id: z.string(),
    workflow: z.string(),
    at: time,
    what: z.string(),
    before: z.string(),
    after: z.string(),
    version_before: z.string(),
    version_after: z.string(),
    diff: z.string(),
  })
  .openapi("Change");

export const Incident = z
  .object({
    incident_id: z.string(),
    workflow: z.string(),
    owner: z.string(),
    state: z.enum(["open", "acknowledged", "snoozed", "resolved"]),
    severity: z.enum(["warning", "critical"]),
    title: z.string(),
    opened_at: time,
    updated_at: time,
    resolved_at: time.nullable(),
    snoozed_until: time.nullable(),
    onset: time,
    signals: z.array(
      z.object({
        kind: z.string(),
        field: z.string(),
        sentence: z.string(),
        detected_at: time,
        recovered_at: time.nullable(),
      }),
    ),
    cause: z.object({
      layer: z.string(),
      reasons: z.array(z.string()),
      change: Change.nullable(),
      slice: z
        .object({ attribute: z.string(), value: z.string(), share: z.number(), runs: z.number() })
        .nullable(),
      last_good_version: z.string(),
    }),
    example_run_ids: z.array(z.string()),
    baseline_run_ids: z.array(z.string()),
    paused_workflow: z.boolean(),
  })
  .openapi("Incident");

export const Workflow = z
  .object({
    workflow: z.string(),
    owner: z.string(),
    state: z.enum(["running", "warned", "paused"]),
    since: time.nullable(),
    reason: z.string(),
    pause_mode: z.enum(["off", "dry-run", "on"]),
    last_run_at: time.nullable(),
    signals: z.object({
      drift: z.number(),
      stable: z.number(),
      insufficient: z.number(),
    }),
    open_incidents: z.array(z.string()),
  })
  .openapi("Workflow");

export const Baseline = z
  .object({
    baseline_id: z.string(),
    from: time,
    to: time,
    runs: z.number(),
    pinned_at: time,
    actor: z.string(),
    reason: z.string(),
  })
  .openapi("Baseline");

const DataSource = z.object({
  kind: z.string(),
  name: z.string(),
  account: z.string(),
  steps: z.array(z.string()),
});

export const WorkflowDetail = z
  .object({
    ...Workflow.shape,
    signals: z.array(Signal),
    incidents: z.array(Incident),
    changes: z.array(Change),
    baseline: Baseline.nullable(),
    data_map: z.object({ reads: z.array(DataSource), writes: z.array(DataSource) }),
    unmapped: z
      .array(z.object({ step: z.string(), source: z.string(), calls: z.number(), last_at: time }))
      .nullable()
      .meta({ description: "Sources that steps name and the map does not; null while ClickHouse is away" }),
  })
  .openapi("WorkflowDetail");

const mark = z.enum(["pass", "fail", "not enough yet"]);

export const Scorecard = z
  .object({
    workflow: z.string(),
    mark,
    criteria: z.array(
      z.object({
        metric: z.string(),
        field: z.string(),
        at_most: z.number().nullable(),
        at_least: z.number().nullable(),
        window_days: z.number(),
        runs_min: z.number(),
        unit: z.string(),
        mark,
        windows: z.array(
          z.object({
            from: time,
            to: time,
            value: z.number().nullable(),
            runs: z.number(),
            holds: z.boolean().nullable(),
          }),
        ),
      }),
    ),
    audit: z
      .object({
        at: time,
        mark,
        runs: z.number(),
        usable: z.number(),
        minor_edits: z.number(),
        unusable: z.number(),
      })
      .nullable(),
  })
  .openapi("Scorecard");

export const RunSummary = z
  .object({
    run_id: z.string(),
    workflow: z.string(),
    mode: z.string(),
    source: z.string(),
    status: z.string(),
    error_type: z.string(),
    started_at: time,
    ended_at: time,
    received_at: time,
    version: z.string(),
    model: z.string(),
    confidence: z.number().nullable(),
    findings: z.array(z.object({ field: z.string(), rule: z.string() })),
    inputs: json,
    outputs: json,
  })
  .openapi("RunSummary");

export const Receipt = z
  .object({
    ...RunSummary.shape,
    error_message: z.string(),
    error_stack: z.string(),
    trace_id: z.string(),
    model_resolved: z.string(),
    input_tokens: z.number().nullable(),
    output_tokens: z.number().nullable(),
    cost_usd: z.number().nullable(),
    retries: z.number(),
    session_id: z.string(),
    attributes: z.record(z.string(), z.string()),
    deployed: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: "What the version stands for" }),
    steps: z.array(z.record(z.string(), z.unknown())),
    reviews: z.array(z.record(z.string(), z.unknown())),
    outcomes: z.array(z.record(z.string(), z.unknown())),
    decisions: z.array(z.record(z.string(), z.unknown())),
    key: z.string().meta({ description: "What the business calls the case" }),
  })
  .openapi("Receipt");

export const RunPage = z
  .object({ runs: z.array(RunSummary), cursor: z.string().nullable() })
  .openapi("RunPage");

export const ReviewTask = z
  .object({
    run_id: z.string(),
    workflow: z.string(),
    chosen_by: z.enum(["random", "targeted"]),
    why: z.string(),
    claimed_until: time,
    receipt: Receipt,
  })
  .openapi("ReviewTask");
