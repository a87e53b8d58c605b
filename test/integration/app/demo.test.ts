import { afterAll, beforeAll, expect, it } from "vitest";
import { dataFolder, eventually, type Sidecar, startDemo } from "../../sidecar.ts";

interface ShownIncident {
  incident_id: string;
  workflow: string;
  title: string;
  cause: { layer: string; reasons: string[]; change: { what: string } | null };
  example_run_ids: string[];
  onset: string;
}

const folder = dataFolder();
let demo: Sidecar;
beforeAll(async () => {
  demo = await startDemo(folder.data);
});
afterAll(async () => {
  await demo.stop();
  folder.remove();
});

async function incidents(): Promise<ShownIncident[]> {
  const response = await fetch(`${demo.url}/v1/incidents`);
  return ((await response.json()) as { incidents: ShownIncident[] }).incidents;
}

it("demo shows three incidents that name their causes, and pauses the invoice workflow", async () => {
  const found = await eventually(async () => {
    const all = await incidents();
    return all.length >= 3 && all;
  });
  expect(found).toHaveLength(3);

  const invoice = found.filter(({ workflow }) => workflow === "invoice-extraction");
  expect(invoice).toHaveLength(1);
  // All are empty, but for the runs of the chunk in which it began: which these are depends on the time of day.
  expect(invoice[0]?.title).toMatch(/`output\.net_amount` was empty in .* since .* (100|[89]\d) %/);
  expect(invoice[0]?.cause.layer).toBe("upstream data");

  const [prompt] = found.filter(({ cause }) => cause.change?.what === "prompt");
  expect(prompt?.title).toContain("`output.category`");
  expect(prompt?.cause.layer).toBe("workflow logic");

  const [overrides] = found.filter(({ title }) => title.includes("corrected by reviewers"));
  expect(overrides?.workflow).toBe("ticket-triage");
  for (const incident of found) expect(incident.example_run_ids).toHaveLength(3);

  const gate = await fetch(`${demo.url}/v1/workflows/invoice-extraction/gate`);
  expect(await gate.json()).toMatchObject({ state: "paused" });
  expect(demo.output()).toMatch(
    /WEBHOOK, signature verified: workflow\.paused of invoice-extraction, \d+ bytes: \S/,
  );
  const page = await fetch(`${demo.url}/incidents/${invoice[0]?.incident_id}`);
  expect(await page.text()).toMatch(
    /Who was told[\s\S]*<th scope="row">pause webhook 127\.0\.0\.1:\d+<\/th>/,
  );
}, 180_000);
