import { type DashboardPlan, prom, scope, sqlTable } from "./panels.ts";

/** Is Evenkeel itself well? */
export const sidecar: DashboardPlan = {
  uid: "evenkeel-sidecar",
  title: "Evenkeel / Sidecar",
  description: "Evenkeel itself: does it keep what arrives, look at it, and tell people?",
  byWorkflow: false,
  panels: [
    {
      title: "Oldest run not stored",
      description: "Age of the oldest run that is on disk and not in ClickHouse yet.",
      type: "stat",
      unit: "s",
      targets: [prom(`max(evenkeel_spool_age_seconds{${scope}})`)],
      thresholds: [
        { value: 60, color: "orange" },
        { value: 300, color: "red" },
      ],
      width: 6,
      height: 5,
    },
    {
      title: "Spool",
      description: "Size of what waits on disk.",
      type: "stat",
      unit: "bytes",
      targets: [prom(`sum(evenkeel_spool_bytes{${scope}})`)],
      width: 6,
      height: 5,
    },
    {
      title: "Rejected in an hour",
      description: "What could not be read as a run; see the page of rejects.",
      type: "stat",
      unit: "short",
      targets: [prom(`sum(increase(evenkeel_runs_rejected_total{${scope}}[1h])) or vector(0)`)],
      thresholds: [{ value: 1, color: "orange" }],
      width: 6,
      height: 5,
    },
    {
      title: "Dead letters",
      description: "Messages that were given up on; they can be sent again from the page of rejects.",
      type: "stat",
      unit: "short",
      targets: [prom(`sum(evenkeel_outbox_messages{${scope}, state="dead"}) or vector(0)`)],
      thresholds: [{ value: 1, color: "red" }],
      width: 6,
      height: 5,
    },
    {
      title: "Received and stored",
      description:
        "Runs per second that arrived, were stored, and came again. Received is stored, rejected or in the spool.",
      type: "timeseries",
      unit: "reqps",
      targets: [
        prom(`sum(rate(evenkeel_runs_received_total{${scope}}[$__rate_interval]))`, "received"),
        prom(`sum(rate(evenkeel_runs_stored_total{${scope}}[$__rate_interval]))`, "stored"),
        prom(`sum(rate(evenkeel_runs_duplicate_total{${scope}}[$__rate_interval]))`, "sent again"),
      ],
      width: 12,
      height: 9,
    },
    {
      title: "Runs in the spool",
      description: "Runs on disk that are not in ClickHouse yet.",
      type: "timeseries",
      unit: "short",
      targets: [prom(`sum by (instance) (evenkeel_spool_runs{${scope}})`, "{{instance}}")],
      width: 12,
      height: 9,
    },
    {
      title: "Detection sweeps",
      description: "Time that a sweep takes: the median and the slowest in twenty.",
      type: "timeseries",
      unit: "s",
      targets: [0.5, 0.95].map((quantile) =>
        prom(
          `histogram_quantile(${quantile}, sum by (le) (rate(evenkeel_sweep_duration_seconds_bucket{${scope}}[$__rate_interval])))`,
          `p${quantile * 100}`,
        ),
      ),
      width: 12,
      height: 9,
    },
    {
      title: "Deliveries",
      description: "Attempts to deliver a message per second, by route and result.",
      type: "timeseries",
      unit: "reqps",
      targets: [
        prom(
          `sum by (channel, result) (rate(evenkeel_deliveries_total{${scope}}[$__rate_interval]))`,
          "{{channel}} {{result}}",
        ),
      ],
      width: 12,
      height: 9,
    },
    {
      title: "Memory",
      description: "Memory of the sidecar, the embedded ClickHouse included.",
      type: "timeseries",
      unit: "bytes",
      targets: [prom(`process_resident_memory_bytes{${scope}}`, "{{instance}}")],
      width: 8,
      height: 8,
    },
    {
      title: "CPU",
      description: "Cores in use.",
      type: "timeseries",
      unit: "short",
      targets: [
        prom(
          `sum by (instance) (rate(process_cpu_seconds_total{${scope}}[$__rate_interval]))`,
          "{{instance}}",
        ),
      ],
      width: 8,
      height: 8,
    },
    {
      title: "Event loop delay",
      description: "How late timers fire, at the 99th percentile.",
      type: "timeseries",
      unit: "s",
      targets: [prom(`nodejs_eventloop_lag_p99_seconds{${scope}}`, "{{instance}}")],
      width: 8,
      height: 8,
    },
    {
      title: "Tables",
      description: "Rows and bytes on disk of each table in ClickHouse.",
      type: "table",
      unit: "short",
      targets: [
        sqlTable(
          `SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts
FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY bytes DESC`,
        ),
      ],
      width: 24,
      height: 8,
    },
  ],
};
