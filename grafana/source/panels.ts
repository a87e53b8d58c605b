/** Small builders for Grafana dashboards. The JSON in `../dashboards` is made from them by `write-dashboards.ts`. */

/** One query of a panel. */
export type Target = PromTarget | SqlTarget;

interface PromTarget {
  kind: "prom";
  expr: string;
  legend: string;
}

interface SqlTarget {
  kind: "sql";
  sql: string;
  shape: "timeseries" | "table";
}

/** One panel, without its place. */
export interface Panel {
  title: string;
  description: string;
  type: "timeseries" | "stat" | "table" | "state-timeline" | "bargauge";
  unit: string;
  targets: Target[];
  /** Of 24 columns. */
  width: number;
  height: number;
  /** Value mappings and thresholds of a state. */
  states?: { value: number; text: string; color: string }[];
  /** Where a bar or a background turns to a warning. */
  thresholds?: { value: number; color: string }[];
  stacked?: boolean;
}

/** A PromQL query. Give every series selector the `job` and `instance` matchers by `${scope}`. */
export function prom(expr: string, legend = ""): Target {
  return { kind: "prom", expr, legend };
}

/** A ClickHouse query that answers rows of (time, values…). */
export function sqlSeries(sql: string): Target {
  return { kind: "sql", sql, shape: "timeseries" };
}

/** A ClickHouse query that answers a table. */
export function sqlTable(sql: string): Target {
  return { kind: "sql", sql, shape: "table" };
}

/** Label matchers that every PromQL selector carries. */
export const scope = 'job=~"$job", instance=~"$instance"';

/** The uids that provisioning gives to the data sources. */
export const sources = { prometheus: "evenkeel-prometheus", clickhouse: "evenkeel-clickhouse" } as const;

/** What a dashboard is made from. */
export interface DashboardPlan {
  uid: string;
  title: string;
  description: string;
  /** Whether it shows chosen workflows only. */
  byWorkflow: boolean;
  panels: Panel[];
}

/** A dashboard as Grafana's JSON. */
export function buildDashboard(plan: DashboardPlan): object {
  const places = placePanels(plan.panels);
  return {
    uid: plan.uid,
    title: plan.title,
    description: plan.description,
    tags: ["evenkeel"],
    editable: false,
    graphTooltip: 1,
    refresh: "30s",
    schemaVersion: 39,
    time: { from: "now-24h", to: "now" },
    timezone: "utc",
    links: [
      {
        type: "dashboards",
        tags: ["evenkeel"],
        title: "Evenkeel",
        asDropdown: true,
        includeVars: true,
        keepTime: true,
      },
    ],
    annotations: { list: plan.byWorkflow ? [changeEvents] : [] },
    templating: { list: variables(plan.byWorkflow) },
    panels: plan.panels.map((panel, index) => ({
      id: index + 1,
      gridPos: places[index],
      ...buildPanel(panel),
    })),
  };
}

const changeEvents = {
  name: "New versions",
  enable: true,
  iconColor: "purple",
  datasource: { type: "grafana-clickhouse-datasource", uid: "${clickhouse}" },
  target: {
    refId: "Anno",
    editorType: "sql",
    queryType: "table",
    format: 1,
    rawSql:
      "SELECT first_seen_at AS time, concat(workflow, ' ', version) AS text FROM versions WHERE $__timeFilter(first_seen_at) AND workflow IN (${workflow:singlequote}) ORDER BY time",
  },
};

function placePanels(panels: readonly Panel[]): { x: number; y: number; w: number; h: number }[] {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  return panels.map(({ width, height }) => {
    if (x + width > 24) {
      x = 0;
      y += rowHeight;
      rowHeight = 0;
    }
    const place = { x, y, w: width, h: height };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    return place;
  });
}

function buildPanel({ title, description, type, unit, targets, states, thresholds, stacked }: Panel): object {
  const isSql = targets[0]?.kind === "sql";
  const datasource = isSql
    ? { type: "grafana-clickhouse-datasource", uid: "${clickhouse}" }
    : { type: "prometheus", uid: "${datasource}" };
  const mappings = states?.map(({ value, text, color }, index) => ({
    type: "value",
    options: { [value]: { text, color, index } },
  }));
  const steps = [{ color: "green", value: null }, ...(thresholds ?? [])];
  return {
    title,
    description,
    type,
    datasource,
    targets: targets.map((target, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      ...buildTarget(target, type),
    })),
    fieldConfig: {
      defaults: {
        unit,
        mappings: mappings ?? [],
        thresholds: { mode: "absolute", steps },
        color: { mode: type === "timeseries" ? "palette-classic" : "thresholds" },
        custom: type === "timeseries" ? drawing(stacked === true) : {},
      },
      overrides: [],
    },
    options: optionsOf(type),
  };
}

function drawing(isStacked: boolean): object {
  const fill = { fillOpacity: isStacked ? 30 : 8, lineWidth: 2, showPoints: "never", spanNulls: false };
  return isStacked ? { ...fill, stacking: { mode: "normal", group: "A" } } : fill;
}

function optionsOf(type: Panel["type"]): object {
  const reduce = { values: false, calcs: ["lastNotNull"], fields: "" };
  switch (type) {
    case "stat":
      return { reduceOptions: reduce, colorMode: "background_solid", graphMode: "area", textMode: "auto" };
    case "bargauge":
      return { reduceOptions: reduce, orientation: "horizontal", displayMode: "basic" };
    case "state-timeline":
      return { showValue: "auto", mergeValues: true, legend: { showLegend: false } };
    case "table":
      return { showHeader: true, cellHeight: "sm" };
    case "timeseries":
      return {
        legend: { displayMode: "table", placement: "right", calcs: ["lastNotNull"] },
        tooltip: { mode: "multi", sort: "desc" },
      };
  }
}

function buildTarget(target: Target, type: Panel["type"]): object {
  if (target.kind === "prom") {
    const isInstant = type === "stat" || type === "table" || type === "bargauge";
    const format = type === "table" ? "table" : "time_series";
    return { expr: target.expr, legendFormat: target.legend, instant: isInstant, range: !isInstant, format };
  }
  const isSeries = target.shape === "timeseries";
  return { editorType: "sql", rawSql: target.sql, queryType: target.shape, format: isSeries ? 0 : 1 };
}

function variables(byWorkflow: boolean): object[] {
  const source = (name: string, label: string, query: string, uid: string) => ({
    name,
    label,
    type: "datasource",
    query,
    current: { text: uid, value: uid },
    hide: 0,
  });
  const labelValues = (name: string, label: string, query: string) => ({
    name,
    label,
    type: "query",
    datasource: { type: "prometheus", uid: "${datasource}" },
    query: { query, refId: name },
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: ".+",
    current: { text: ["All"], value: ["$__all"] },
  });
  const workflow = {
    name: "workflow",
    label: "Workflow",
    type: "query",
    datasource: { type: "prometheus", uid: "${datasource}" },
    query: { query: 'label_values(evenkeel_runs_total{job=~"$job"}, workflow)', refId: "workflow" },
    refresh: 2,
    multi: true,
    includeAll: true,
    current: { text: ["All"], value: ["$__all"] },
  };
  return [
    source("datasource", "Data Source", "prometheus", sources.prometheus),
    source("clickhouse", "ClickHouse", "grafana-clickhouse-datasource", sources.clickhouse),
    labelValues("job", "Job", "label_values(evenkeel_runs_received_total, job)"),
    labelValues("instance", "Instance", 'label_values(evenkeel_runs_received_total{job=~"$job"}, instance)'),
    ...(byWorkflow ? [workflow] : []),
  ];
}
