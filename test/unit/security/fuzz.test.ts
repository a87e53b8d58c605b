import { expect, it } from "vitest";
import { fuzz } from "../../fuzz/fuzz.ts";

it("fuzz() breaks nothing with 1,200 inputs; `npm run test:fuzz` feeds a million", async () => {
  expect(await fuzz({ from: 0, to: 1_200 })).toEqual([]);
}, 60_000);
