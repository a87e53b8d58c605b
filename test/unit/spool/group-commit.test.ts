import { describe, expect, it } from "vitest";
import { createGroupCommit } from "../../../src/collector/group-commit.ts";

/** Commits that end when the test says so. */
function gated() {
  const groups: { items: string[]; end: (error?: Error) => void }[] = [];
  const commits = createGroupCommit<string>({
    commit: (items) =>
      new Promise((resolve, reject) => {
        groups.push({ items: [...items], end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
    afterwards: () => Promise.resolve(),
  });
  return { commits, groups };
}

const settled = (work: Promise<void>) =>
  work.then(
    () => "kept",
    () => "failed",
  );

describe("createGroupCommit()", () => {
  it("commits what comes during a commit as one group, in order", async () => {
    const { commits, groups } = gated();
    const all = ["a", "b", "c"].map((item) => commits.add(item));
    groups[0]?.end();
    await all[0];
    await new Promise(setImmediate);
    expect(groups.map((group) => group.items)).toEqual([["a"], ["b", "c"]]);
    expect(commits.underWay()).toEqual({ items: 2, oldest: "b" });
    groups[1]?.end();
    await Promise.all(all);
    await commits.idle();
    expect(commits.underWay()).toEqual({ items: 0, oldest: undefined });
  });

  it("fails what waited behind a failed commit, and goes on with what comes later", async () => {
    const { commits, groups } = gated();
    const original = settled(commits.add("a"));
    const retry = settled(commits.add("empty retry of a"));
    groups[0]?.end(new Error("disk full"));
    expect(await Promise.all([original, retry])).toEqual(["failed", "failed"]);
    const later = settled(commits.add("b"));
    await new Promise(setImmediate);
    groups[1]?.end();
    expect(await later).toBe("kept");
    expect(groups.map((group) => group.items)).toEqual([["a"], ["b"]]);
  });
});
