import { describe, expect, expectTypeOf, it } from "vitest";
import { createClient } from "../../src/client.ts";
import { follow } from "../../src/follow.ts";
import type { Ending } from "../../src/span-state.ts";

function watch<T>(call: () => T): { result: T | undefined; thrown: unknown; endings: Ending[] } {
  const endings: Ending[] = [];
  try {
    return {
      result: follow(
        call,
        (piece) => piece(),
        (ending) => endings.push(ending),
      ),
      thrown: undefined,
      endings,
    };
  } catch (thrown) {
    return { result: undefined, thrown, endings };
  }
}

describe("follow()", () => {
  it("follow() returns a plain result and reports it at once", () => {
    const value = { a: 1 };
    const { result, endings } = watch(() => value);
    expect(result).toBe(value);
    expect(endings).toEqual([{ kind: "returned", value }]);
  });

  it("follow() throws on exactly what was thrown", () => {
    const error = new Error("no");
    const { thrown, endings } = watch(() => {
      throw error;
    });
    expect(thrown).toBe(error);
    expect(endings).toEqual([{ kind: "threw", thrown: error }]);
  });

  it("follow() reports a promise when it resolves", async () => {
    const { result, endings } = watch(async () => 5);
    expect(endings).toEqual([]);
    expect(await result).toBe(5);
    expect(endings).toEqual([{ kind: "returned", value: 5 }]);
  });

  it("follow() reports a rejection and rejects with the same reason", async () => {
    const error = new Error("no");
    const { result, endings } = watch(() => Promise.reject(error));
    await expect(result).rejects.toBe(error);
    expect(endings).toEqual([{ kind: "threw", thrown: error }]);
  });

  it("follow() returns a lazy thenable itself and does not start it", async () => {
    let starts = 0;
    const query = {
      limit: 5,
      then(onValue: (rows: number[]) => unknown) {
        starts += 1;
        return Promise.resolve([1, 2]).then(onValue);
      },
    };
    const { result, endings } = watch(() => query);
    expect(result).toBe(query);
    expect(starts).toBe(0);
    expect(await (result as unknown as Promise<number[]>)).toEqual([1, 2]);
    expect(starts).toBe(1);
    expect(endings).toEqual([{ kind: "returned", value: [1, 2] }]);
  });

  it("follow() reports a thenable that is awaited twice once", async () => {
    class OwnPromise<T> extends Promise<T> {}
    const { result, endings } = watch(() => OwnPromise.resolve(3));
    expect([await result, await result]).toEqual([3, 3]);
    expect(endings).toEqual([{ kind: "returned", value: 3 }]);
  });
});

describe("observe()", () => {
  const client = createClient({ endpoint: "http://127.0.0.1:9" });

  it("observe() keeps the type of the function", () => {
    async function triage(subject: string, body?: string): Promise<{ category: string }> {
      return { category: `${subject}${body ?? ""}` };
    }
    const observed = client.observe(triage, {
      workflow: "w",
      inputs: (subject, body) => ({ subject, body }),
      outputs: ({ category }) => category,
    });
    expectTypeOf(observed).toEqualTypeOf(triage);
    function identity<T>(value: T): T {
      return value;
    }
    const observedIdentity: typeof identity = client.observe(identity, { workflow: "w" });
    expect(observedIdentity(3)).toBe(3);
  });

  it("observe() keeps name, length and `this`", () => {
    const host = {
      factor: 2,
      double: client.observe(
        function double(this: { factor: number }, value: number) {
          return value * this.factor;
        },
        { workflow: "w" },
      ),
    };
    expect(host.double(4)).toBe(8);
    expect([host.double.name, host.double.length]).toEqual(["double", 1]);
  });
});
