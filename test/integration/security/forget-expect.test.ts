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
    expect(refused).toMatchObject({ status: 409, body: { runs: common } });
    expect(refused.body.error.hint).toContain(`'expect': ${common}`);
  }
  const asked = await order({ value: "invoice", dry_run: true });
  expect(asked).toMatchObject({ status: 200, body: { runs: common } });
  expect((await sidecar.get("/v1/runs/run-1")).status).toBe(200);
});

it("few runs go at once, unless another number was named", async () => {
  expect(await order({ value: "Zoë Hara", expect: 19 })).toMatchObject({ status: 409, body: { runs: 20 } });
  expect(await order({ value: "Zoë Hara" })).toMatchObject({ status: 200, body: { runs: 20 } });
  expect((await sidecar.get(`/v1/runs/run-${common}`)).status).toBe(404);
});

it("the command tells the number, and asks for it", async () => {
  expect(await command({})).toContain(`Repeat it with --yes --expect ${common}`);
  const refused = await command({ yes: true });
  expect(refused).toContain(`${common} runs would go`);
  expect(refused).toContain(`--yes --expect ${common}`);
  expect(await command({ yes: true, expect: "many" })).toContain("--expect must be the number of runs");
  expect((await sidecar.get("/v1/runs/run-1")).status).toBe(200);
  expect(await command({ yes: true, expect: String(common) })).toContain(`Forgotten: ${common} runs`);
  expect((await sidecar.get("/v1/runs/run-1")).status).toBe(404);
});
