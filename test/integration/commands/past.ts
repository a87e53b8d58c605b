/** What a past is made of. */
export interface PastOptions {
  runs: number;
  fromMs: number;
  everyMs: number;
  /** From this run on, half of the categories are empty. */
  brokenFrom?: number;
}

const categories = ["it", "rent", "food", "travel"];

/** Past runs of an invoice workflow, the same for the same options. */
export function* past({
  runs,
  fromMs,
  everyMs,
  brokenFrom = Infinity,
}: PastOptions): Generator<Record<string, unknown>> {
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let at = 0; at < runs; at++) {
    const isBroken = at >= brokenFrom && random() < 0.5;
    yield {
      started_at: new Date(fromMs + at * everyMs).toISOString(),
      inputs: { subject: `Invoice ${String(at).padStart(6, "0")}` },
      outputs: {
        category: isBroken ? "" : categories[Math.floor(random() * 4)],
        amount: Math.round(random() * 10_000) / 100,
        vendor: { name: `Vendor ${Math.floor(random() * 9)}` },
      },
    };
  }
}

/** Values as lines of JSON. */
export function toLines(values: Iterable<unknown>): string {
  return [...values].map((value) => `${JSON.stringify(value)}\n`).join("");
}
