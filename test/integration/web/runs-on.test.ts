import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Sidecar, startSidecar } from "./sidecar.ts";

let sidecar: Sidecar;

beforeAll(async () => {
  sidecar = await startSidecar();
  await sidecar.send(
    Array.from({ length: 60 }, (_, n) => ({
      workflow: "triage",
      inputs: { ticket: 7000 + n },
      outputs: { score: (n * 7) % 10 },
    })),
  );
});
afterAll(() => sidecar.stop());

it("says of running numbers that their values are not watched, not how many more are needed", async () => {
  const explained = async (field: string) => {
    const answer: any = await (await sidecar.get("/v1/workflows/triage")).json();
    return answer.signals.find((one: any) => one.kind.endsWith("_distribution") && one.field === field)
      ?.explanation;
  };
  await vi.waitFor(
    async () =>
      expect(await explained("input.ticket")).toBe(
        "`input.ticket` runs on, as tickets, counters and times do: not its values, only its presence is watched.",
      ),
    20_000,
  );
  expect(await explained("output.score")).toContain("60 of 100 observations so far");
  const page = await sidecar.page("/workflows/triage/signals/input_distribution?field=input.ticket");
  expect(page).toContain("only its presence is watched");
  expect(page).not.toContain("of 100 observations");
});
