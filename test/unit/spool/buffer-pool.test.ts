import { describe, expect, it } from "vitest";
import { createBufferPool } from "../../../src/collector/buffer-pool.ts";

const mega = 1024 * 1024;

describe("createBufferPool()", () => {
  it("gives what was taken back again, and never to two at once", () => {
    const pool = createBufferPool();
    const first = pool.take(4 * mega);
    const second = pool.take(4 * mega);
    expect(second.buffer).not.toBe(first.buffer);
    pool.give(first.subarray(0, mega));
    const third = pool.take(4 * mega + 1000);
    expect([third.buffer, third.length]).toEqual([first.buffer, 4 * mega + 1000]);
    expect(pool.take(mega).buffer).not.toBe(first.buffer);
  });

  it("keeps a larger one in place of a smaller, which fits no segment under load", () => {
    const pool = createBufferPool();
    const [small, large] = [pool.take(2 * mega), pool.take(60 * mega)];
    for (const buffer of [small, large]) pool.give(buffer);
    expect(pool.take(60 * mega).buffer === large.buffer).toBe(true);
    for (const buffer of [large, small]) pool.give(buffer);
    expect(pool.take(60 * mega).buffer === large.buffer).toBe(true);
  });

  it.each([
    { why: "too small for what is asked", bytes: 2 * mega, asked: 4 * mega },
    { why: "so small that a new one costs nothing", bytes: 100, asked: 100 },
    { why: "so large that it must not be kept", bytes: 128 * mega, asked: mega },
  ])("gives no buffer again that is $why", ({ bytes, asked }) => {
    const pool = createBufferPool();
    const taken = pool.take(bytes);
    pool.give(taken);
    const next = pool.take(asked);
    expect([next.buffer === taken.buffer, next.length]).toEqual([false, asked]);
  });
});
