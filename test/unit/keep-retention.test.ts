import { pino } from "pino";
import { expect, it } from "vitest";
import type { Problem } from "../../src/alerts/ledger.ts";
import { configSchema } from "../../src/config.ts";
import { keepRetention } from "../../src/keep-retention.ts";
import { createMetrics } from "../../src/metrics.ts";
import { hourMs } from "../../src/model/clock.ts";
import type { Deletion, Store } from "../../src/store/port.ts";

const cases: { why: string; deletion: Deletion | null; seconds: number; told: RegExp; solved: boolean }[] = [
  { why: "none is under way", deletion: null, seconds: 0, told: /come to an end again/, solved: true },
  {
    why: "one has taken some hours",
    deletion: { table: "runs", ageMs: 5 * hourMs, faultCode: "" },
    seconds: 18_000,
    told: /come to an end again/,
    solved: true,
  },
  {
    why: "one does not end",
    deletion: { table: "runs", ageMs: 7 * hourMs, faultCode: "" },
    seconds: 25_200,
    told: /^A deletion in ClickHouse's table 'runs' has not ended for 7 hours\. /,
    solved: false,
  },
  {
    why: "one fails again and again",
    deletion: { table: "steps", ageMs: 30 * hourMs, faultCode: "241" },
    seconds: 108_000,
    told: /'steps' has not ended for 30 hours; it fails with ClickHouse's code 241 and is tried again\. /,
    solved: false,
  },
];

// No engine can be had whose deletion is hours old.
it.each(cases)(
  "keepRetention() tells of deletions where $why",
  async ({ deletion, seconds, told, solved }) => {
    const problems: Problem[] = [];
    const lines: string[] = [];
    const metrics = createMetrics();
    const log = pino({ level: "warn" }, { write: (line: string) => lines.push(line) });
    await keepRetention({
      config: configSchema.parse({ data: "unused" }),
      store: { retain: () => Promise.resolve(deletion) } as unknown as Store,
      metrics,
      log,
      alerts: { problem: (problem) => problems.push(problem) },
    });
    expect(problems).toEqual([{ problemId: "retention", text: expect.stringMatching(told), solved }]);
    expect(lines).toHaveLength(solved ? 0 : 1);
    const { body } = await metrics.render("text/plain");
    expect(body).toMatch(new RegExp(`^evenkeel_deletion_age_seconds ${seconds}$`, "m"));
  },
);
