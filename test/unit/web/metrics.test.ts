import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createMetrics } from "../../../src/metrics.ts";

const signal = { workflow: "w", signal: "null_rate", field: "output.a" };

describe("createMetrics()", () => {
  it("render() shows a counter under the name that DESIGN.md gives", async () => {
    const metrics = createMetrics({ process: false });
    metrics.runs.inc({ workflow: "w", status: "ok" }, 3);
    const { body, contentType } = await metrics.render("");
    expect(contentType).toContain("text/plain");
    expect(body).toContain('evenkeel_runs_total{workflow="w",status="ok"} 3');
  });

  it("render() answers OpenMetrics on request and keeps counter names for the next scrape", async () => {
    const metrics = createMetrics();
    metrics.runs.inc({ workflow: "w", status: "ok" });
    const open = await metrics.render("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    expect(open.contentType).toContain("application/openmetrics-text");
    expect(open.body).toContain("# TYPE evenkeel_runs counter\n");
    expect(open.body).toContain("evenkeel_runs_total{");
    expect(open.body.endsWith("\n# EOF\n")).toBe(true);
    expect(open.body).not.toContain("\n\n");
    const plain = await metrics.render("text/plain");
    expect(plain.body).toContain("# TYPE evenkeel_runs_total counter\n");
  });

  it("render() passes promtool check metrics", async () => {
    const metrics = createMetrics({ process: false });
    metrics.sweepDurationSeconds.observe({}, 0.2);
    metrics.spoolBytes.set({}, 12);
    const { body } = await metrics.render("");
    expect(() =>
      execFileSync("promtool", ["check", "metrics"], { input: body, stdio: "pipe" }),
    ).not.toThrow();
  });

  it("signalValue.set() folds fields past the cap into other, shows the largest and counts each once", async () => {
    const metrics = createMetrics({ fieldsMax: 1, process: false });
    metrics.signalValue.set(signal, 0.1);
    metrics.signalValue.set({ ...signal, field: "output.b" }, 0.7);
    metrics.signalValue.set({ ...signal, field: "output.c" }, 0.3);
    metrics.signalValue.set({ ...signal, field: "output.b" }, 0.2);
    const { body } = await metrics.render("");
    expect(body).toContain('evenkeel_signal_value{workflow="w",signal="null_rate",field="output.a"} 0.1');
    expect(body).toContain('evenkeel_signal_value{workflow="w",signal="null_rate",field="other"} 0.3');
    expect(body).toContain('evenkeel_folded_labels_total{label="field"} 2');
    expect(body).not.toContain("output.b");
  });

  it("signalValue.remove() frees the place of a field", async () => {
    const metrics = createMetrics({ fieldsMax: 1, process: false });
    metrics.signalValue.set(signal, 0.1);
    metrics.signalValue.remove(signal);
    metrics.signalValue.set({ ...signal, field: "output.b" }, 0.7);
    const { body } = await metrics.render("");
    expect(body).toContain('field="output.b"} 0.7');
    expect(body).not.toContain("output.a");
  });

  it("runs.inc() folds workflows past the cap into other", async () => {
    const metrics = createMetrics({ workflowsMax: 1, process: false });
    for (const workflow of ["a", "b", "c"]) metrics.runs.inc({ workflow, status: "ok" });
    const { body } = await metrics.render("");
    expect(body).toContain('evenkeel_runs_total{workflow="other",status="ok"} 2');
  });

  it("beforeScrape() runs its work before every scrape", async () => {
    const metrics = createMetrics({ process: false });
    let bytes = 0;
    metrics.beforeScrape(() => metrics.spoolBytes.set({}, ++bytes));
    await metrics.render("");
    expect((await metrics.render("")).body).toContain("evenkeel_spool_bytes 2");
  });
});
