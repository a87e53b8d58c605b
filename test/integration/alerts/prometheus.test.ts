import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMetrics } from "../../../src/metrics.ts";
import { event, incident, settings } from "../../unit/alerts/build.ts";
import { type Bench, createBench } from "./bench.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const rules = new URL("../../../grafana/rules/", import.meta.url).pathname;

describe("grafana/rules", () => {
  it("passes promtool's check and its own tests", () => {
    execFileSync("promtool", ["check", "rules", join(rules, "evenkeel.yml")]);
    execFileSync("promtool", ["test", "rules", join(rules, "evenkeel.test.yml")]);
  });

  it("names only metrics that the sidecar shows", async () => {
    const { body } = await createMetrics().render("");
    const named = readFileSync(join(rules, "evenkeel.yml"), "utf8").match(/\bevenkeel_\w+/g) ?? [];
    expect(named.length).toBeGreaterThan(5);
    for (const name of new Set(named)) expect(body).toContain(`# TYPE ${name} `);
  });
});

interface AlertmanagerPayload {
  status: string;
  alerts: { status: string; labels: Record<string, string>; annotations: Record<string, string> }[];
}

describe("with the real Prometheus and Alertmanager", () => {
  const metrics = createMetrics({ process: false });
  const children: ChildProcess[] = [];
  let folder = "";
  let receiver: Receiver;
  let target: ReturnType<typeof createServer>;
  let alertmanagerUrl = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "evenkeel-prometheus-"));
    receiver = await startReceiver();
    target = createServer((request, response) => {
      void metrics.render(request.headers.accept ?? "").then(({ contentType, body }) => {
        response.writeHead(200, { "content-type": contentType }).end(body);
      });
    }).listen(0, "127.0.0.1");
    await once(target, "listening");
    alertmanagerUrl = `http://${await freeAddress()}`;
    await startAlertmanager();
    await startPrometheus();
  });

  afterAll(async () => {
    for (const child of children) {
      child.kill("SIGKILL");
      await once(child, "close");
    }
    target.closeAllConnections();
    target.close();
    await receiver.close();
    rmSync(folder, { recursive: true });
  });

  async function start(program: string, args: string[], readyUrl: string): Promise<void> {
    const child = spawn(program, args, { stdio: "ignore" });
    children.push(child);
    await until(async () => (await fetch(readyUrl)).ok);
  }

  async function startAlertmanager(): Promise<void> {
    const file = join(folder, "alertmanager.yml");
    // Evenkeel owns nothing here: this is what a user writes.
    writeFileSync(
      file,
      `route: {receiver: local, group_by: [workflow, alertname], group_wait: 0s, group_interval: 1s}
receivers: [{name: local, webhook_configs: [{url: "${receiver.url}/", send_resolved: true}]}]
`,
    );
    const args = [
      `--config.file=${file}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      `--web.listen-address=${alertmanagerUrl.slice("http://".length)}`,
      "--cluster.listen-address=",
    ];
    await start("prometheus-alertmanager", args, `${alertmanagerUrl}/-/ready`);
  }

  async function startPrometheus(): Promise<void> {
    const { port } = target.address() as AddressInfo;
    const address = await freeAddress();
    const file = join(folder, "prometheus.yml");
    // The rules as they ship, but looked at more often.
    const shipped = readFileSync(join(rules, "evenkeel.yml"), "utf8");
    writeFileSync(join(folder, "rules.yml"), shipped.replace(/interval: \d+s/g, "interval: 200ms"));
    writeFileSync(
      file,
      `global: {scrape_interval: 200ms, scrape_timeout: 200ms}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["${alertmanagerUrl.slice("http://".length)}"]}]}]}
scrape_configs: [{job_name: evenkeel, static_configs: [{targets: ["127.0.0.1:${port}"]}]}]
`,
    );
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "prometheus")}`,
      `--web.listen-address=${address}`,
    ];
    await start("prometheus", args, `http://${address}/-/ready`);
  }

  /** The alerts that the receiver was told of, by status and name. */
  function told(status: string, alertname: string) {
    return receiver.requests
      .flatMap(({ body }) => (JSON.parse(body) as AlertmanagerPayload).alerts)
      .filter((alert) => alert.status === status && alert.labels.alertname === alertname);
  }

  async function awaitAlert(status: string, alertname: string) {
    for (;;) {
      const [found] = told(status, alertname);
      if (found !== undefined) return found;
      await receiver.received(receiver.requests.length + 1);
    }
  }

  it("a drift in the metrics arrives at the receiver with owner and severity, and its end too", async () => {
    const labels = {
      workflow: "invoices",
      signal: "null_rate",
      field: "output.vendor",
      severity: "critical",
    };
    metrics.workflowInfo.set({ workflow: "invoices", owner: "ana" }, 1);
    metrics.drift.set(labels, 1);
    const firing = await awaitAlert("firing", "EvenkeelDrift");
    expect(firing.labels).toMatchObject({ ...labels, owner: "ana" });
    expect(firing.annotations.summary).toBe("invoices: null_rate of output.vendor has drifted");
    metrics.drift.set(labels, 0);
    expect((await awaitAlert("resolved", "EvenkeelDrift")).labels).toEqual(firing.labels);
  });

  it("an incident posted directly arrives at the receiver, and its end too", async () => {
    const bench: Bench = createBench(settings({ alertmanager: { url: alertmanagerUrl } }));
    const open = incident({ severity: "warning", signals: [] });
    bench.alerts.record({ incidents: [open], events: [event("opened", open)] });
    await bench.alerts.drain();
    const firing = await awaitAlert("firing", "EvenkeelIncident");
    expect(firing.labels).toMatchObject({ workflow: "invoices", severity: "warning", owner: open.owner });
    expect(firing.annotations.summary).toBe(open.title);
    const resolved = { ...open, state: "resolved" as const };
    bench.alerts.record({ incidents: [resolved], events: [event("recovered", resolved)] });
    await bench.alerts.drain();
    expect((await awaitAlert("resolved", "EvenkeelIncident")).labels).toEqual(firing.labels);
    expect(bench.counted).toEqual(["alertmanager delivered", "alertmanager delivered"]);
    await bench.close();
  });
});

/** A loopback address with a port that was free a moment ago. */
async function freeAddress(): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return `127.0.0.1:${port}`;
}

/** Asks until the answer is yes; the program under test says by HTTP when it is ready. */
async function until(isReady: () => Promise<boolean>): Promise<void> {
  while (!(await isReady().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50));
}
