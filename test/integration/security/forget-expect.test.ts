import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { forget } from "../../../src/commands/forget.ts";
import { configSchema } from "../../../src/config.ts";
import { type Sidecar, startSidecar } from "../web/sidecar.ts";

let sidecar: Sidecar;
const common = 130;

beforeAll(async () => {
  sidecar = await startSidecar({ workflows: { letters: {} } });
  const runs = Array.from({ length: common + 20 }, (_, at) => ({
    run_id: `run-${at}`,
    workflow: "letters",
    outputs: { text: at < common ? "an invoice" : "a letter of Zoë Hara" },
  }));
  await sidecar.send(runs);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => sidecar.stop());

async function order(body: object): Promise<{ status: number; body: any }> {
  const answer = await sidecar.post("/v1/forget", { actor: "ana", ...body });
  return { status: answer.status, body: await answer.json() };
}

/** Runs the command against the sidecar; what it says, or why it could not. */
async function command(values: object): Promise<string> {
  const said: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
  const config = configSchema.parse({ data: "unused" });
  const given = { value: "invoice", actor: "ana", url: sidecar.url, ...values };
  try {
    await forget.run({ config, configFile: "", reread: () => config, positionals: [], values: given });
    return said.join("");
  } catch (error) {
    return error instanceof Error ? `${error.message}: ${(error as { hint?: string }).hint ?? ""}` : "";
  } finally {
    vi.restoreAllMocks();
  }
}

it("a common word changes nothing until the order names how many runs go", async () => {
  for (const more of [{}, { expect: 3 }, { expect: 131 }, { field: "output.text", value: "an invoice" }]) {
    const refused = await order({ value: "invoice", ...more });
    expect(refused).toMatchObject({ status: 409, body: { expect: common } });
    expect(refused.body.error.hint).toContain(`'expect': ${common}`);
  }
  const asked = await order({ value: "invoice", dry_run: true });
  expect(asked).toMatchObject({ status: 200, body: { runs: common } });
  expect((await sidecar.get("/v1/runs/run-1")).status).toBe(200);
});

it("few runs go at once, unless another number was named", async () => {
  expect(await order({ value: "Zoë Hara", expect: 19 })).toMatchObject({ status: 409, body: { expect: 20 } });
  expect(await order({ value: "Zoë Hara" })).toMatchObject({ status: 200, body: { runs: 20 } });
  expect((await sidecar.get(`/v1/runs/run-${common}`)).status).toBe(404);
});

it("the command tells the number, and asks for it", async () => {
  expect(await command({})).toContain(`Repeat it with --yes --expect ${common}`);
  const refused = await command({ yes: true });
  expect(refused).toContain(`${common} runs and 0 rejects would go`);
  expect(refused).toContain(`--yes --expect ${common}`);
  expect(await command({ yes: true, expect: "many" })).toContain(
    "--expect must be the number of runs and rejects",
  );
  expect((await sidecar.get("/v1/runs/run-1")).status).toBe(200);
  expect(await command({ yes: true, expect: String(common) })).toContain(`Forgotten: ${common} runs`);
  expect((await sidecar.get("/v1/runs/run-1")).status).toBe(404);
});

it("rejects go without their number no more than runs do, whatever the order says of runs", async () => {
  const bad = Array.from({ length: 120 }, () => ({ workflow: 7, outputs: { text: "a gasket" } }));
  await sidecar.post("/v1/runs", bad);
  await sidecar.send([{ workflow: "letters", outputs: { text: "a gasket" } }]);
  for (const more of [{}, { expect: 1 }, { field: "output.text", value: "gasket" }]) {
    const refused = await order({ value: "gasket", ...more });
    expect(refused.status).toBe(409);
  }
  expect(await command({ value: "gasket" })).toContain("Repeat it with --yes --expect 121");
  expect(await command({ value: "gasket", yes: true })).toContain("1 run and 120 rejects would go");
  const done = await order({ value: "gasket", expect: 121 });
  expect(done).toMatchObject({ status: 200, body: { runs: 1, rejects: 120 } });
});

it("the command asks for no number where nothing would go", async () => {
  const said = await command({ value: "Nobody Known" });
  expect(said).toMatch(/Would forget: 0 runs, 0 rejects.*\n.*Repeat it with --yes\n$/);
  expect(await command({ value: "Nobody Known", yes: true, expect: "7" })).toMatch(/repeat it with --yes$/);
  expect(await command({ value: "Nobody Known", yes: true })).toContain("Forgotten: 0 runs");
});
