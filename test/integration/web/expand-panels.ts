import { dashboards } from "../../../grafana/source/write-dashboards.ts";

/** The queries of every panel in one language. */
export function queriesOf(kind: "prom" | "sql"): { at: string; expr: string }[] {
  return Object.entries(dashboards).flatMap(([name, { panels }]) =>
    panels.flatMap(({ title, targets }) =>
      targets.flatMap((target) => {
        if (target.kind !== kind) return [];
        return [{ at: `${name}: ${title}`, expr: target.kind === "prom" ? target.expr : target.sql }];
      }),
    ),
  );
}

/** A PromQL query as Grafana sends it with every variable at `All`. */
export function expandPromql(expr: string): string {
  return expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$(job|instance|workflow)\b/g, ".+");
}

const span = { fromSeconds: 0, toSeconds: 4_000_000_000 };

/** A ClickHouse query as Grafana's plugin sends it, over all time and both workflows of the demo. */
export function expandSql(sql: string): string {
  return sql
    .replaceAll(
      /\$__timeFilter\(([\w.]+)\)/g,
      `$1 >= toDateTime(${span.fromSeconds}) AND $1 <= toDateTime(${span.toSeconds})`,
    )
    .replaceAll(/\$__timeInterval\(([\w.]+)\)/g, "toStartOfInterval(toDateTime($1), INTERVAL 3600 second)")
    .replaceAll("${workflow:singlequote}", "'invoice-extraction','ticket-triage'");
}
