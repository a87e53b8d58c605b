import type { Section } from "../section.ts";

const basis = "by definition";
const perDays = "per 1,000 workflow-days";

/** What a detector scores that fires at every look, and one that never does. */
export const trivial: Section<never, never> = {
  name: "trivial",
  units: () => [],
  run: (unit) => unit,
  rows: () => [
    {
      group: "false alarms",
      name: "always fires, looked at hourly",
      figure: 24_000,
      bar: null,
      unit: perDays,
      basis,
    },
    { group: "delay", name: "always fires", figure: 1, bar: null, unit: "runs, median", basis },
    { group: "false alarms", name: "never fires", figure: 0, bar: null, unit: perDays, basis },
    { group: "delay", name: "never fires", figure: Infinity, bar: null, unit: "runs, median", basis },
    { group: "missed", name: "never fires", figure: 100, bar: null, unit: "% within 10,000 runs", basis },
  ],
};
