import { type DashboardPlan, prom, scope, sqlSeries, sqlTable } from "./panels.ts";

const own = `${scope}, workflow=~"$workflow"`;
const chosen = "workflow IN (${workflow:singlequote})";

/** Do people keep up, and what do they correct? */
export const review: DashboardPlan = {
  uid: "evenkeel-review",
  title: "Evenkeel / Review operations",
  description: "Reviews: do people keep up, and what do they correct?",
  byWorkflow: true,
  panels: [
    {
      title: "Runs that wait",
      description: "Runs in the review queue.",
      type: "stat",
      unit: "short",
      targets: [prom(`sum(evenkeel_review_queue{${own}}) or vector(0)`)],
      thresholds: [{ value: 50, color: "orange" }],
      width: 8,
      height: 5,
    },
    {
      title: "Override share",
      description: "Reviews of the random sample that changed or refused the output.",
      type: "stat",
      unit: "percentunit",
      targets: [
        sqlTable(
          `SELECT countIf(verdict != 'approved') / nullIf(count(), 0) AS overridden
FROM reviews WHERE $__timeFilter(received_at) AND ${chosen} AND chosen_by != 'targeted'`,
        ),
      ],
      thresholds: [{ value: 0.1, color: "orange" }],
      width: 8,
      height: 5,
    },
    {
      title: "Median time of a review",
      description:
        "From the moment a reviewer was shown a run to the answer; the aim is below twenty seconds.",
      type: "stat",
      unit: "ms",
      targets: [
        sqlTable(
          `SELECT ifNull(median(duration_ms), 0) AS took_ms
FROM reviews WHERE $__timeFilter(received_at) AND ${chosen}`,
        ),
      ],
      thresholds: [{ value: 20_000, color: "orange" }],
      width: 8,
      height: 5,
    },
    {
      title: "Reviews by verdict",
      description: "Reviews recorded per second, approved, edited and rejected.",
      type: "timeseries",
      unit: "reqps",
      stacked: true,
      targets: [
        prom(`sum by (verdict) (rate(evenkeel_reviews_total{${own}}[$__rate_interval]))`, "{{verdict}}"),
      ],
      width: 12,
      height: 9,
    },
    {
      title: "Overrides over time",
      description: "Share of reviews in the random sample that changed or refused the output.",
      type: "timeseries",
      unit: "percentunit",
      targets: [
        sqlSeries(
          `SELECT toStartOfInterval(received_at, INTERVAL 6 HOUR) AS time, workflow, countIf(verdict != 'approved') / count() AS overridden
FROM reviews WHERE $__timeFilter(received_at) AND ${chosen} AND chosen_by != 'targeted'
GROUP BY time, workflow ORDER BY time`,
        ),
      ],
      width: 12,
      height: 9,
    },
    {
      title: "What people correct",
      description: "Output fields by how often a reviewer changed them.",
      type: "table",
      unit: "short",
      targets: [
        sqlTable(
          `SELECT workflow, field, sumIf(n, startsWith(bin, 'yes')) AS corrected, sum(n) AS reviewed
FROM rollups_hour WHERE $__timeFilter(hour) AND ${chosen} AND kind = 'override_rate' AND field != ''
GROUP BY workflow, field ORDER BY corrected DESC LIMIT 20`,
        ),
      ],
      width: 12,
      height: 8,
    },
    {
      title: "Reviews by reason",
      description: "Why outputs were changed or refused, and by how many reviewers.",
      type: "table",
      unit: "short",
      targets: [
        sqlTable(
          `SELECT workflow, verdict, reason, count() AS reviews, uniqExact(reviewer) AS reviewers
FROM reviews WHERE $__timeFilter(received_at) AND ${chosen}
GROUP BY workflow, verdict, reason ORDER BY reviews DESC LIMIT 50`,
        ),
      ],
      width: 12,
      height: 8,
    },
  ],
};
