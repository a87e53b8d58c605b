import { describe, expect, it } from "vitest";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import { type ImportTally, importRuns } from "../../../src/import/import-runs.ts";
import type { FileRun } from "../../../src/import/read-file.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import type { RunFate, RunSink } from "../../../src/import/run-sink.ts";

function* lines(count: number, bad: readonly number[] = []): Generator<FileRun> {
  for (let line = 1; line <= count; line++) {
    if (bad.includes(line)) yield { kind: "bad", line, why: "it is not JSON" };
    else yield { kind: "run", line, run: { run_id: String(line) } };
  }
}

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** A sink in memory: knows ids, and fails as often as it is told. */
function memorySink(failures: Error[] = []): RunSink & { ids: Set<unknown>; batches: number[] } {
  const ids = new Set<unknown>();
  const batches: number[] = [];
  return {
    ids,
    batches,
    async send(runs) {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      batches.push(runs.length);
      return runs.map(({ run_id }): RunFate => {
        if (run_id === "13") return { refused: "Cannot read run: 'outputs' is bad" };
        const known = ids.has(run_id);
        ids.add(run_id);
        return known ? "known" : "new";
      });
    },
  };
}

async function run(sink: RunSink, given: Partial<Parameters<typeof importRuns>[0]> = {}) {
  const refused: [number, string][] = [];
  const progress: ImportTally[] = [];
  const waits: string[] = [];
  const tally = importRuns({
    runs: later(lines(1200, [5])),
    sink,
    afterLine: 0,
    onRefused: (line, why) => refused.push([line, why]),
    onProgress: (soFar) => progress.push(soFar),
    onWaiting: (why) => waits.push(why),
    ...given,
  });
  return { tally: await tally.catch((error: unknown) => error), refused, progress, waits };
}

describe("importRuns()", () => {
  it("importRuns() sends batches and tells the line of all that was refused, here or there", async () => {
    const sink = memorySink();
    const { tally, refused, progress } = await run(sink);
    expect(tally).toEqual({ imported: 1198, known: 0, refused: 2, throughLine: 1200 });
    expect(sink.batches).toEqual([500, 500, 199]);
    expect(refused).toEqual([
      [5, "it is not JSON"],
      [13, "'outputs' is bad"],
    ]);
    expect(progress.map(({ throughLine }) => throughLine)).toEqual([501, 1001, 1200]);
  });

  it("importRuns() goes on after a line without sending what came before", async () => {
    const sink = memorySink();
    const { tally } = await run(sink, { afterLine: 1001 });
    expect(tally).toEqual({ imported: 199, known: 0, refused: 0, throughLine: 1200 });
    expect(sink.ids.has("1001")).toBe(false);
  });

  it("importRuns() counts what is known already", async () => {
    const sink = memorySink();
    await run(sink);
    expect((await run(sink)).tally).toMatchObject({ imported: 0, known: 1198 });
  });

  it("importRuns() waits for a sidecar that cannot take runs just now", async () => {
    const busy = new TransientError("Cannot keep rows", { retryAfterSeconds: 0 });
    const { tally, waits } = await run(memorySink([busy, busy, busy]), { patienceMs: 1 });
    expect(tally).toMatchObject({ imported: 1198 });
    expect(waits[0]).toBe("Cannot keep rows");
  });

  it("importRuns() gives up in the end", async () => {
    const away = new TransientError("Cannot reach", { retryAfterSeconds: 0.001 });
    const { tally, progress } = await run(memorySink(Array.from({ length: 50 }, () => away)), {
      patienceMs: 3,
    });
    expect(tally).toBe(away);
    expect(progress).toEqual([]);
  });

  it("importRuns() tells of nothing that the sink did not take", async () => {
    const failure = new PermanentError("Cannot send runs");
    const sink = memorySink();
    const send = sink.send.bind(sink);
    let calls = 0;
    sink.send = (runs) => (++calls === 2 ? Promise.reject(failure) : send(runs));
    const { tally, progress } = await run(sink);
    expect(tally).toBe(failure);
    expect(progress.map(({ throughLine }) => throughLine)).toEqual([501]);
    expect(sink.batches).toEqual([500]);
  });

  it("importRuns() keeps batches small when runs are large", async () => {
    const sink = memorySink();
    const text = "x".repeat(1024 * 1024);
    const large = Array.from({ length: 10 }, (_, at): FileRun => {
      return { kind: "run", line: at + 1, run: { run_id: String(at), inputs: { text } } };
    });
    await run(sink, { runs: later(large) });
    expect(Math.max(...sink.batches)).toBeLessThanOrEqual(4);
  });

  it("importRuns() of an empty file imports nothing", async () => {
    expect((await run(memorySink(), { runs: later([]) })).tally).toMatchObject({ imported: 0, refused: 0 });
  });

  it("sets a record aside that is nested so deep that encoding it would overflow the stack", async () => {
    const deep = (levels: number) =>
      JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`) as JsonObject;
    const runs: FileRun[] = [
      { kind: "run", line: 1, run: { run_id: "1", outputs: deep(100_000) } },
      { kind: "run", line: 2, run: { run_id: "2", outputs: deep(100) } },
    ];
    const sink = memorySink();
    const { refused } = await run(sink, { runs: later(runs) });
    expect(refused).toEqual([[1, "it is nested more than 500 levels deep"]]);
    expect([...sink.ids]).toEqual(["2"]);
  });
});
