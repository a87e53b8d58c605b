import { expect, it } from "vitest";
import { byPlainness } from "../../../src/model/leading.ts";
import type { SignalKind } from "../../../src/model/signal.ts";
import { key, moved, startMs } from "../incidents/build.ts";

type Named = [SignalKind, string, number];

const cases: { why: string; signals: Named[]; leads: string }[] = [
  {
    why: "a field that went empty, not what else became of it",
    signals: [
      ["text_length", "output.vendor", 60],
      ["type", "output.vendor", 200],
      ["output_distribution", "output.vendor", 200],
      ["null_rate", "output.vendor", 98],
    ],
    leads: "null_rate output.vendor",
  },
  {
    why: "what is delivered, not what came in, where both went empty",
    signals: [
      ["null_rate", "input.Net", 98.2],
      ["null_rate", "output.net", 98],
    ],
    leads: "null_rate output.net",
  },
  {
    why: "the field that moved far more among fields of a kind",
    signals: [
      ["null_rate", "output.a", 30],
      ["null_rate", "output.b", 90],
    ],
    leads: "null_rate output.b",
  },
  {
    why: "failing, not the emptiness that follows from it",
    signals: [
      ["null_rate", "output.a", 50],
      ["errors", "", 50],
    ],
    leads: "errors ",
  },
  {
    why: "the shift of a category, not a field that is empty a little more often",
    signals: [
      ["null_rate", "output.a", 1.2],
      ["output_distribution", "output.b", 20],
    ],
    leads: "output_distribution output.b",
  },
  {
    why: "a field, not the number of runs, however far that moved",
    signals: [
      ["volume", "", 5000],
      ["output_distribution", "output.language", 20],
    ],
    leads: "output_distribution output.language",
  },
  {
    why: "the plain name among fields, as if the number of runs had not moved",
    signals: [
      ["null_rate", "output.a", 50],
      ["volume", "", 5000],
      ["output_distribution", "output.a", 90],
    ],
    leads: "null_rate output.a",
  },
  {
    why: "the name that comes first among equals",
    signals: [
      ["null_rate", "output.b", 98],
      ["null_rate", "output.a", 98],
    ],
    leads: "null_rate output.a",
  },
];

it.each(cases)("byPlainness() begins with $why, in any order", ({ signals, leads }) => {
  const drifting = signals.map(([kind, field, effect]) => moved(key(kind, field), startMs, { effect }));
  for (const order of [drifting, [...drifting].reverse()]) {
    const [first] = byPlainness(order);
    expect(`${first?.signal.kind} ${first?.signal.field}`).toBe(leads);
  }
});
