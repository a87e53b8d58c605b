import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildDashboard, sources } from "../../../grafana/source/panels.ts";
import { dashboards, dashboardText } from "../../../grafana/source/write-dashboards.ts";
import { createMetrics } from "../../../src/metrics.ts";

const root = new URL("../../../grafana/", import.meta.url);
const plans = Object.entries(dashboards);
const panels = plans.flatMap(([name, plan]) =>
  plan.panels.map((panel) => ({ name, panel, at: `${name}: ${panel.title}` })),
);
const queries = panels.flatMap(({ at, panel }) =>
  panel.targets.flatMap((target) => (target.kind === "prom" ? [{ at, expr: target.expr }] : [])),
);

// Units that Grafana knows and these boards use.
const units = new Set(["short", "none", "percentunit", "reqps", "s", "ms", "bytes"]);

describe("dashboards", () => {
  it.each(plans)("%s.json is what its source makes", (name, plan) => {
    expect(readFileSync(new URL(`dashboards/${name}.json`, root), "utf8")).toBe(dashboardText(plan));
  });

  it("has no file without a source", () => {
    expect(readdirSync(new URL("dashboards", root)).sort()).toEqual(
      plans.map(([name]) => `${name}.json`).sort(),
    );
  });

  it("gives each dashboard a uid and a title of its own", () => {
    for (const key of ["uid", "title"] as const) {
      expect(new Set(plans.map(([, plan]) => plan[key])).size).toBe(plans.length);
    }
  });

  it.each(plans)("%s can not be edited, and has the variables that the linter asks for", (_name, plan) => {
    const dashboard = buildDashboard(plan) as any;
    expect(dashboard.editable).toBe(false);
    const names = dashboard.templating.list.map((variable: any) => variable.name);
    expect(names.slice(0, 4)).toEqual(["datasource", "clickhouse", "job", "instance"]);
    expect(dashboard.templating.list[0]).toMatchObject({
      label: "Data Source",
      type: "datasource",
      query: "prometheus",
    });
  });

  it.each(plans)("%s leaves no gap and no overlap between panels", (_name, plan) => {
    const { panels: placed } = buildDashboard(plan) as {
      panels: { gridPos: Record<"x" | "y" | "w" | "h", number> }[];
    };
    const places = placed.map((panel) => panel.gridPos);
    for (const [index, { x, y, w, h }] of places.entries()) {
      expect(x + w).toBeLessThanOrEqual(24);
      for (const other of places.slice(index + 1)) {
        expect(x + w <= other.x || other.x + other.w <= x || y + h <= other.y || other.y + other.h <= y).toBe(
          true,
        );
      }
    }
  });
});

describe("panels", () => {
  it.each(panels)("$at has title, description, unit and a query", ({ panel }) => {
    expect(panel.title.length).toBeGreaterThan(2);
    expect(panel.description.endsWith(".")).toBe(true);
    expect(units).toContain(panel.unit);
    expect(panel.targets.length).toBeGreaterThan(0);
  });

  it.each(queries)("$at chooses job and instance in every selector", ({ expr }) => {
    const selectors = expr.match(/\{[^}]*\}/g) ?? [];
    expect(selectors.length).toBeGreaterThan(0);
    for (const selector of selectors) {
      expect(selector).toContain('job=~"$job"');
      expect(selector).toContain('instance=~"$instance"');
    }
  });

  it.each(queries)("$at takes rates over $__rate_interval and aggregates counters", ({ expr }) => {
    for (const [, range] of expr.matchAll(/rate\([^[]*\[([^\]]+)\]/g)) expect(range).toBe("$__rate_interval");
    if (/_total\b/.test(expr)) expect(expr).toMatch(/\b(sum|max|histogram_quantile)\b/);
  });

  it("names only metrics that the code emits", async () => {
    const { body } = await createMetrics().render("");
    const emitted = new Set(Array.from(body.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name));
    const rules = readFileSync(new URL("rules/evenkeel.yml", root), "utf8");
    const text = [
      ...queries.map(({ expr }) => expr),
      rules,
      JSON.stringify(plans.map(([, plan]) => buildDashboard(plan))),
    ].join("\n");
    const named = new Set(
      Array.from(text.matchAll(/\b(?:evenkeel|process|nodejs)_[a-z0-9_]+\b/g), ([name]) => name),
    );
    const families = [...named].map((name) => name.replace(/_bucket$/, ""));
    expect(families.filter((name) => !emitted.has(name))).toEqual([]);
    expect(families.length).toBeGreaterThan(15);
  });

  it("reads from the data sources that provisioning sets up", () => {
    const provisioned = readFileSync(new URL("provisioning/datasources/evenkeel.yml", root), "utf8");
    for (const uid of Object.values(sources)) expect(provisioned).toContain(`uid: ${uid}\n`);
  });
});
