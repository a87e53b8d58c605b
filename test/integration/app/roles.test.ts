import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Front, startFront } from "../../conformance/start-front.ts";
import { dataFolder, eventually, runCommand, type Sidecar, startSidecar } from "../../sidecar.ts";

const json = { "content-type": "application/json" };

describe("two collectors and a monitor on one ClickHouse", () => {
  const folders = [dataFolder(), dataFolder(), dataFolder()];
  let front: Front;
  let collectors: Sidecar[];
  let monitor: Sidecar;

  beforeAll(async () => {
    front = await startFront();
    const env = {
      EVENKEEL_CLICKHOUSE_URL: front.url,
      EVENKEEL_REDACTION_KEY: "the same for all of them",
      EVENKEEL_SWEEP_SECONDS: "0.5",
    };
    const start = (n: number, role: string) => startSidecar(folders[n]?.data ?? "", ["--role", role], env);
    collectors = await Promise.all([start(0, "collector"), start(1, "collector")]);
    monitor = await start(2, "monitor");
  });
  afterAll(async () => {
    await Promise.all([...collectors, monitor].map((sidecar) => sidecar.stop()));
    await front.stop();
    for (const folder of folders) folder.remove();
  });

  const send = (sidecar: Sidecar, ids: string[]) =>
    fetch(`${sidecar.url}/v1/runs`, {
      method: "POST",
      headers: json,
      body: JSON.stringify(
        ids.map((run_id) => ({ run_id, workflow: "shared", inputs: { from: "ana@example.test" } })),
      ),
    });
  const status = async (url: string, init?: RequestInit) => (await fetch(url, init)).status;

  it("share the work: runs of all are seen by one, and a redacted value is the same wherever it came in", async () => {
    const ids = ["a", "b", "c", "d"];
    for (const [n, id] of ids.entries())
      expect((await send(collectors[n % 2] as Sidecar, [id])).status).toBe(200);
    const runs = await eventually(async () => {
      const page = await fetch(`${monitor.url}/v1/runs?workflow=shared`);
      if (!page.ok) return null; // The tables are not made yet.
      const found = ((await page.json()) as { runs: { run_id: string; inputs: unknown }[] }).runs;
      return found.length === ids.length ? found : null;
    });
    expect(runs.map((run) => run.run_id).sort()).toEqual(ids);
    expect(new Set(runs.map((run) => JSON.stringify(run.inputs))).size).toBe(1);
    expect(JSON.stringify(runs[0]?.inputs)).not.toContain("ana@");
  });

  it("have the monitor pause and show, and nobody else pretend to", async () => {
    const act = { method: "POST", headers: json, body: '{"actor":"ana","reason":"to see"}' };
    expect(await status(`${monitor.url}/v1/workflows/shared/pause`, act)).toBe(200);
    const gate = (await (await fetch(`${monitor.url}/v1/workflows/shared/gate`)).json()) as { state: string };
    expect(gate.state).toBe("paused");
    for (const path of ["/", "/v1/workflows/shared/gate", "/v1/incidents", "/v1/runs?workflow=shared"])
      expect([path, await status((collectors[0] as Sidecar).url + path)]).toEqual([path, 404]);
    for (const path of ["/healthz", "/readyz", "/metrics"])
      expect([path, await status((collectors[0] as Sidecar).url + path)]).toEqual([path, 200]);
    expect((await send(monitor, ["e"])).status).toBe(404);
  });

  it("tell the monitor how far they have got", async () => {
    const query = "SELECT uniqExact(collector_id) AS n FROM collectors FORMAT JSONEachRow";
    await eventually(async () => {
      const answer = await fetch(`${front.url}/?database=evenkeel&query=${encodeURIComponent(query)}`, {
        method: "POST",
      });
      return (await answer.text()).includes('"2"');
    });
  });
});

it.each([
  { role: "collector", says: "'clickhouse.url' must be set where 'role' is collector" },
  { role: "monitor", says: "'redaction.key' must be set where 'role' is monitor" },
])("serve --role $role refuses to start without what it shares with others", async ({ role, says }) => {
  const { code, output } = await runCommand(["serve", "--role", role, "--port", "0"]);
  expect(code).not.toBe(0);
  expect(output).toContain(says);
});
