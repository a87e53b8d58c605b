import { afterAll, beforeAll, expect, it } from "vitest";
import { type Sidecar, startSidecar } from "../web/sidecar.ts";

let sidecar: Sidecar;

beforeAll(async () => {
  // Sixty lines of eighty characters: a long line can be cut in more ways than can be followed in time.
  const pattern = String.raw`(?:.{0,80}\n?){1,60}`;
  sidecar = await startSidecar({
    // Nobody listens there.
    catalogues: { skus: { url: "https://127.0.0.1:9/skus" } },
    workflows: {
      orders: {
        contract: { outputs: { sku: { allowed_from: "skus" } } },
        approval: { hard_stops: { contract_broken: true } },
      },
      bills: {
        contract: { outputs: { total: { equals_sum_of: "lines[].amount" } } },
        approval: { hard_stops: { contract_broken: true } },
      },
      letters: {
        contract: { outputs: { text: { pattern } } },
        approval: { hard_stops: { contract_broken: true } },
      },
    },
  });
});
afterAll(() => sidecar.stop());

async function ask(id: string, text: string): Promise<any> {
  return askAbout({ approval_id: id, workflow: "letters", action: "send the letter", outputs: { text } });
}

async function askAbout(item: object): Promise<any> {
  return (await sidecar.post("/v1/approvals", item)).json();
}

it("POST /v1/approvals holds what a contract's pattern would take too long to judge", async () => {
  expect(await ask("short", "Dear Ann,\nyours")).toMatchObject({ state: "clear" });
  expect(await ask("long", "a".repeat(3_000))).toMatchObject({ state: "held" });
  const held: any = await (await sidecar.get("/v1/approvals/long")).json();
  expect(held.reasons).toEqual(["contract cannot be judged: output.text (pattern, too much to be judged)"]);
});

it("POST /v1/approvals holds what would have to be looked for in a catalogue that was never read", async () => {
  const order = { workflow: "orders", action: "order it" };
  expect(await askAbout({ ...order, approval_id: "none", outputs: {} })).toMatchObject({ state: "clear" });
  const asked = await askAbout({ ...order, approval_id: "one", outputs: { sku: "A-1" } });
  expect(asked).toMatchObject({ state: "held" });
  const held: any = await (await sidecar.get("/v1/approvals/one")).json();
  expect(held.reasons).toEqual([
    "contract cannot be judged: output.sku (allowed_from, the catalogue was never read)",
  ]);
});

it("POST /v1/approvals holds a total that cannot be held against its lines", async () => {
  const bill = { workflow: "bills", action: "pay it" };
  const outputs = { total: 10, lines: [{ amount: 4 }, { amount: 6 }] };
  expect(await askAbout({ ...bill, approval_id: "sum", outputs })).toMatchObject({ state: "clear" });
  expect(await askAbout({ ...bill, approval_id: "bare", payload: { total: 10 } })).toMatchObject({
    state: "held",
  });
  const held: any = await (await sidecar.get("/v1/approvals/bare")).json();
  expect(held.reasons).toEqual([
    "contract cannot be judged: output.total (equals_sum_of, a number is missing)",
  ]);
});
