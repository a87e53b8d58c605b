import { describe, expect, it } from "vitest";
import { flushPatiently } from "../../../src/commands/open-folder.ts";

describe("flushPatiently()", () => {
  it("waits for a store that has refused rows for a moment", async () => {
    const sinceMs = Date.now();
    let looks = 0;
    let store = () => {};
    const flushed = new Promise<void>((resolve) => (store = resolve));
    await flushPatiently({
      flush: () => flushed,
      trouble() {
        looks += 1;
        if (looks === 3) store();
        return looks === 1 ? null : { sinceMs, message: "busy" };
      },
    });
    expect(looks).toBe(3);
  });

  it("does not wait for a store that goes on refusing them", async () => {
    const trouble = { sinceMs: Date.now() - 11_000, message: "away" };
    await flushPatiently({ flush: () => new Promise(() => undefined), trouble: () => trouble });
  });
});
