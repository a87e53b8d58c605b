import { expect, it } from "vitest";
import { watchEngineThreads } from "../../../src/store/engine-threads.ts";

/** A process whose threads come and go as told: the system gives an id again only after some ten thousand others. */
function createProcess() {
  const nice = new Map([
    [1, 0],
    [2, 0],
  ]);
  const counts = { looks: 0 };
  let nowMs = 0;
  const threads = watchEngineThreads({
    ids: () => {
      counts.looks += 1;
      return [...nice.keys()];
    },
    getPriority: (id = 1) => nice.get(id) ?? 0,
    setPriority: (id, priority) => nice.set(id, priority),
    nowMs: () => nowMs,
  });
  const insert = (afterMs: number) => {
    nowMs += afterMs;
    threads.lower();
  };
  return { nice, counts, insert };
}

it("lower() lowers a thread that has the id of one that has ended, and none of ours", () => {
  const { nice, insert } = createProcess();
  nice.set(3, 0);
  insert(10_000);
  nice.delete(3);
  insert(10_000);
  nice.set(3, 0);
  insert(10_000);
  expect([...nice]).toEqual([
    [1, 0],
    [2, 0],
    [3, 10],
  ]);
});

it("lower() looks at the threads once in a while, however many inserts there are", () => {
  const { counts, insert } = createProcess();
  counts.looks = 0;
  for (let n = 0; n < 1_000; n += 1) insert(10);
  expect(counts.looks).toBe(2);
});
