import { describe, expect, it } from "vitest";
import { createProgress } from "../../../src/commands/progress.ts";
import { table } from "../../../src/commands/table.ts";

/** What was written, and a clock that stands where it is put. */
function screen(isTTY: boolean) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const out = { isTTY, columns: 60, write: (text: string) => written.push(text) };
  return { written, clock, progress: createProgress("Reading", out, () => clock.ms) };
}

describe("createProgress()", () => {
  it("createProgress() writes a plain line at each tenth where there is no terminal", () => {
    const { written, progress } = screen(false);
    for (let part = 0; part <= 100; part++) progress.update(part / 100, `${part} runs`);
    progress.say("Line 3 was not imported");
    progress.end();
    expect(written).toHaveLength(11);
    expect(written[0]).toBe("Reading  10 %  10 runs\n");
    expect(written[9]).toBe("Reading 100 %  100 runs\n");
    expect(written.join("")).not.toMatch(/[\r\u001b]/);
  });

  it("createProgress() redraws one line on a terminal, ten times a second at most, no wider than it is", () => {
    const { written, clock, progress } = screen(true);
    for (clock.ms = 0; clock.ms < 1_000; clock.ms += 1)
      progress.update(clock.ms / 1_000, "some runs of a long name indeed");
    expect(written).toHaveLength(10);
    for (const text of written) expect(text.replace("\r\u001b[K", "").length).toBeLessThan(60);
  });

  it("createProgress() tells the time that is left once it can be told", () => {
    const { written, clock, progress } = screen(true);
    clock.ms = 10_000;
    progress.update(0.5, "x");
    expect(written.at(-1)).toContain("x, 10 s left");
    clock.ms = 600_000;
    progress.update(0.5, "x");
    expect(written.at(-1)).toContain("x, 10 min left");
  });

  it("createProgress() puts what it says above the bar, and leaves the last state standing", () => {
    const { written, clock, progress } = screen(true);
    progress.update(0.1, "one");
    clock.ms = 1;
    progress.update(0.2, "two");
    progress.say("hello");
    progress.end();
    expect(written.at(-4)).toBe("\r\u001b[Khello\n");
    expect(written.at(-2)).toContain("two");
    expect(written.at(-1)).toBe("\n");
  });
});

describe("table()", () => {
  it("table() lines columns up by the characters that people see", () => {
    const text = table(
      ["what", "share"],
      [
        ["é👩‍👩‍👧", "1 %"],
        ["plain", "20 %"],
      ],
    );
    expect(text).toBe("what   share\n─────  ─────\né👩‍👩‍👧     1 %\nplain  20 %");
  });
});
