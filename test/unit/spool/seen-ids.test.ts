import { describe, expect, it } from "vitest";
import { createSeenIds, encodeClaims } from "../../../src/collector/seen-ids.ts";

describe("createSeenIds()", () => {
  it("claims an id once, until it is released", () => {
    const seen = createSeenIds(100);
    expect(seen.claim("a")).toBe(true);
    expect(seen.claim("a")).toBe(false);
    seen.release("a");
    expect(seen.claim("a")).toBe(true);
  });

  it("remembers the last half of its size, and forgets the oldest", () => {
    const seen = createSeenIds(1000);
    for (let i = 0; i < 5000; i++) expect(seen.claim(`id-${i}`)).toBe(true);
    for (let i = 4500; i < 5000; i++) expect(seen.claim(`id-${i}`)).toBe(false);
    expect(seen.claim("id-0")).toBe(true);
  });

  it("agrees with a plain set under claims and releases in any order", () => {
    const seen = createSeenIds(100_000);
    const plain = new Set<string>();
    let state = 7;
    const next = (n: number) => (state = (state * 48_271) % 2_147_483_647) % n;
    for (let i = 0; i < 60_000; i++) {
      const id = `id-${next(3000)}`;
      if (next(3) === 0) {
        seen.release(id);
        plain.delete(id);
      } else {
        expect(seen.claim(id)).toBe(!plain.has(id));
        plain.add(id);
      }
    }
  });

  it("takes fingerprints back from disk", () => {
    const seen = createSeenIds(100);
    seen.restore(encodeClaims(["a", "b"]));
    expect([seen.claim("a"), seen.claim("b"), seen.claim("c")]).toEqual([false, false, true]);
  });
});
