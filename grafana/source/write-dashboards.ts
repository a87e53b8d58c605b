import { writeFileSync } from "node:fs";
import { buildDashboard, type DashboardPlan } from "./panels.ts";
import { fleet } from "./fleet.ts";
import { review } from "./review.ts";
import { sidecar } from "./sidecar.ts";
import { workflow } from "./workflow.ts";

/** Every dashboard by the name of its file. */
export const dashboards: Record<string, DashboardPlan> = { fleet, workflow, review, sidecar };

/** The text of a dashboard's file. */
export function dashboardText(plan: DashboardPlan): string {
  return `${JSON.stringify(buildDashboard(plan), null, 2)}\n`;
}

// Run as `npx tsx grafana/source/write-dashboards.ts` after a change; a test holds the files equal to their source.
if (process.argv[1]?.endsWith("write-dashboards.ts") === true) {
  for (const [name, plan] of Object.entries(dashboards)) {
    writeFileSync(new URL(`../dashboards/${name}.json`, import.meta.url), dashboardText(plan));
  }
}
