import { type DashboardPlan, prom, scope, sqlTable, sqlSeries } from "./panels.ts";

/** Is any workflow in trouble, and which? */
export const fleet: DashboardPlan = {
  uid: "evenkeel-fleet",
  title: "Evenkeel / Fleet",
  description: "Every workflow: is any in trouble, and which?",
  byWorkflow: false,
  panels: [
    {
      title: "Workflows paused",
      description: "Workflows that take no new work until a person resumes them.",
      type: "stat",
      unit: "short",
      targets: [prom(`sum(evenkeel_workflow_paused{${scope}}) or vector(0)`)],
      thresholds: [{ value: 1, color: "red" }],
      width: 6,
      height: 5,
    },
    {
      title: "Open incidents",
      description: "Incidents that nobody has acknowledged.",
      type: "stat",
      unit: "short",
      targets: [prom(`sum(evenkeel_incidents{${scope}, state="open"}) or vector(0)`)],
      thresholds: [{ value: 1, color: "red" }],
      width: 6,
      height: 5,
    },
    {
      title: "Drifting signals",
      description: "Signals whose evidence is past the alarm level.",
      type: "stat",
      unit: "short",
      targets: [prom(`sum(evenkeel_drift{${scope}}) or vector(0)`)],
      thresholds: [{ value: 1, color: "orange" }],
      width: 6,
      height: 5,
    },
    {
      title: "Runs per second",
      description: "Runs accepted by the sidecar, over all workflows.",
      type: "stat",
      unit: "reqps",
      targets: [prom(`sum(rate(evenkeel_runs_total{${scope}}[$__rate_interval]))`)],
      width: 6,
      height: 5,
    },
    {
      title: "State by workflow",
      description: "Paused, warned (an incident is open) or running.",
      type: "state-timeline",
      unit: "short",
      targets: [
        prom(
          `2 * max by (workflow) (evenkeel_workflow_paused{${scope}} == 1) or max by (workflow) (evenkeel_incidents{${scope}} > bool 0) or 0 * max by (workflow) (evenkeel_runs_total{${scope}})`,
          "{{workflow}}",
        ),
      ],
      states: [
        { value: 0, text: "running", color: "green" },
        { value: 1, text: "warned", color: "orange" },
        { value: 2, text: "paused", color: "red" },
      ],
      width: 12,
      height: 9,
    },
    {
      title: "Runs by workflow",
      description: "Runs accepted per second. A line that falls to nothing is silence.",
      type: "timeseries",
      unit: "reqps",
      targets: [
        prom(`sum by (workflow) (rate(evenkeel_runs_total{${scope}}[$__rate_interval]))`, "{{workflow}}"),
      ],
      width: 12,
      height: 9,
    },
    {
      title: "Strongest evidence",
      description: "The signals closest to an alarm, or past it; 1 is the alarm level.",
      type: "bargauge",
      unit: "none",
      targets: [
        prom(
          `topk(12, max by (workflow, signal, field) (evenkeel_signal_evidence{${scope}}))`,
          "{{workflow}} {{signal}} {{field}}",
        ),
      ],
      thresholds: [
        { value: 0.5, color: "orange" },
        { value: 1, color: "red" },
      ],
      width: 12,
      height: 10,
    },
    {
      title: "Empty values by workflow",
      description: "Share of values that were null, empty or a placeholder, over all fields of a workflow.",
      type: "timeseries",
      unit: "percentunit",
      targets: [
        sqlSeries(
          `SELECT $__timeInterval(hour) AS time, workflow, sumIf(n, bin != 'value') / sum(n) AS "empty"
FROM rollups_hour WHERE $__timeFilter(hour) AND kind = 'null_rate'
GROUP BY time, workflow ORDER BY time`,
        ),
      ],
      width: 12,
      height: 10,
    },
    {
      title: "Workflows",
      description: "Runs, errors and versions in the chosen time, busiest first.",
      type: "table",
      unit: "short",
      targets: [
        sqlTable(
          `SELECT workflow, sumIf(n, kind = 'volume') AS runs,
  round(sumIf(n, kind = 'errors' AND bin = 'yes') / nullIf(sumIf(n, kind = 'errors'), 0), 4) AS error_share,
  uniqExactIf(version, kind = 'volume') AS versions,
  max(last_minute) AS last_run
FROM rollups_hour WHERE $__timeFilter(hour) AND field = ''
GROUP BY workflow ORDER BY runs DESC LIMIT 200`,
        ),
      ],
      width: 24,
      height: 9,
    },
  ],
};
