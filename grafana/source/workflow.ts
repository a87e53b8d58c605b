import { type DashboardPlan, prom, scope, sqlSeries, sqlTable } from "./panels.ts";

const own = `${scope}, workflow=~"$workflow"`;
const chosen = "workflow IN (${workflow:singlequote})";

/** What has changed in a workflow, and since when? */
export const workflow: DashboardPlan = {
  uid: "evenkeel-workflow",
  title: "Evenkeel / Workflow",
  description: "One workflow: what has changed, and since when?",
  byWorkflow: true,
  panels: [
    {
      title: "Gate",
      description: "Whether the workflow takes new work.",
      type: "stat",
      unit: "short",
      targets: [
        prom(
          `max by (workflow) (evenkeel_workflow_paused{${own}}) or 0 * max by (workflow) (evenkeel_runs_total{${own}})`,
          "{{workflow}}",
        ),
      ],
      states: [
        { value: 0, text: "running", color: "green" },
        { value: 1, text: "paused", color: "red" },
      ],
      width: 8,
      height: 5,
    },
    {
      title: "Drifting signals",
      description: "Signals of the workflow whose evidence is past the alarm level.",
      type: "stat",
      unit: "short",
      targets: [prom(`sum by (workflow) (evenkeel_drift{${own}})`, "{{workflow}}")],
      thresholds: [{ value: 1, color: "orange" }],
      width: 8,
      height: 5,
    },
    {
      title: "Error share",
      description: "Runs that ended in an error, as a share of all runs.",
      type: "stat",
      unit: "percentunit",
      targets: [
        prom(
          `sum by (workflow) (rate(evenkeel_runs_total{${own}, status="error"}[$__rate_interval])) / sum by (workflow) (rate(evenkeel_runs_total{${own}}[$__rate_interval])) or 0 * sum by (workflow) (rate(evenkeel_runs_total{${own}}[$__rate_interval]))`,
          "{{workflow}}",
        ),
      ],
      thresholds: [{ value: 0.05, color: "orange" }],
      width: 8,
      height: 5,
    },
    {
      title: "Shares now",
      description: "Current value of every signal that is a share: empty values, overrides, categories.",
      type: "timeseries",
      unit: "percentunit",
      targets: [
        prom(
          `max by (workflow, signal, field) (evenkeel_signal_value{${own}, signal=~"null_rate|override_rate|unusable_rate|errors|low_confidence|contract|allowed_values|output_distribution"}) <= 1`,
          "{{signal}} {{field}}",
        ),
      ],
      width: 12,
      height: 9,
    },
    {
      title: "Distance from the baseline",
      description: "Current value of each share less its baseline value.",
      type: "timeseries",
      unit: "percentunit",
      targets: [
        prom(
          `max by (workflow, signal, field) (evenkeel_signal_value{${own}} <= 1) - max by (workflow, signal, field) (evenkeel_signal_baseline{${own}} <= 1)`,
          "{{signal}} {{field}}",
        ),
      ],
      width: 12,
      height: 9,
    },
    {
      title: "Evidence",
      description: "How close each signal is to an alarm; 1 is the alarm level.",
      type: "timeseries",
      unit: "none",
      targets: [
        prom(
          `topk(10, max by (workflow, signal, field) (evenkeel_signal_evidence{${own}}))`,
          "{{signal}} {{field}}",
        ),
      ],
      width: 12,
      height: 9,
    },
    {
      title: "Runs",
      description: "Runs per hour by version, from the stored counts.",
      type: "timeseries",
      unit: "short",
      stacked: true,
      targets: [
        sqlSeries(
          `SELECT $__timeInterval(hour) AS time, version, sum(n) AS runs
FROM rollups_hour WHERE $__timeFilter(hour) AND ${chosen} AND kind = 'volume'
GROUP BY time, version ORDER BY time`,
        ),
      ],
      width: 12,
      height: 9,
    },
    {
      title: "Output categories",
      description: "Share of each value of the categorical output fields.",
      type: "timeseries",
      unit: "percentunit",
      targets: [
        sqlSeries(
          `SELECT time, concat(field, ' ', substring(bin, 2)) AS value, n / sum(n) OVER (PARTITION BY time, field) AS share
FROM (
  SELECT $__timeInterval(hour) AS time, field, bin, sum(n) AS n FROM rollups_hour
  WHERE $__timeFilter(hour) AND ${chosen} AND kind = 'output_distribution' AND startsWith(bin, '=')
  GROUP BY time, field, bin
) ORDER BY time`,
        ),
      ],
      width: 12,
      height: 10,
    },
    {
      title: "Empty values by field",
      description:
        "Share of values that were null, empty or a placeholder. A field that is missing altogether shows as a gap.",
      type: "timeseries",
      unit: "percentunit",
      targets: [
        sqlSeries(
          `SELECT $__timeInterval(hour) AS time, field, sumIf(n, bin != 'value') / sum(n) AS "empty"
FROM rollups_hour WHERE $__timeFilter(hour) AND ${chosen} AND kind = 'null_rate'
GROUP BY time, field ORDER BY time`,
        ),
      ],
      width: 12,
      height: 10,
    },
    {
      title: "Versions",
      description: "What was deployed in the chosen time, newest first.",
      type: "table",
      unit: "short",
      targets: [
        sqlTable(
          `SELECT workflow, version, min(first_minute) AS first_seen, max(last_minute) AS last_seen, sum(n) AS runs
FROM rollups_hour WHERE $__timeFilter(hour) AND ${chosen} AND kind = 'volume'
GROUP BY workflow, version ORDER BY first_seen DESC LIMIT 50`,
        ),
      ],
      width: 12,
      height: 8,
    },
    {
      title: "Latest runs",
      description: "The newest runs; open one on Evenkeel's page for its receipt.",
      type: "table",
      unit: "short",
      targets: [
        sqlTable(
          `SELECT received_at AS time, run_id, status, error_type, version, dateDiff('millisecond', started_at, ended_at) AS took_ms
FROM runs WHERE $__timeFilter(received_at) AND ${chosen} ORDER BY received_at DESC LIMIT 50`,
        ),
      ],
      width: 12,
      height: 8,
    },
  ],
};
