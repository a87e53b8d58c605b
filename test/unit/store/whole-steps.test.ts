import { describe, expect, it } from "vitest";
import type { StepRow } from "../../../src/model/rows.ts";
import { wholeSteps } from "../../../src/store/whole-steps.ts";

const step = (step_id: string, inputs: string, outputs: string) =>
  ({ step_id, inputs, outputs }) as unknown as StepRow;
const run = { trace_id: "t", span_id: "root" };

const cases = [
  {
    why: "gives content in log records to its span",
    steps: [
      step("t/a", "null", "null"),
      step("t/a/log-1", '"in"', "null"),
      step("t/a/log-2", "null", '"out"'),
    ],
    whole: [{ step_id: "t/a", inputs: '"in"', outputs: '"out"' }],
  },
  {
    why: "keeps content whose span has not come",
    steps: [step("t/b/log-1", '"in"', '"out"')],
    whole: [{ step_id: "t/b/log-1", inputs: '"in"', outputs: '"out"' }],
  },
  {
    why: "leaves a span's own content alone",
    steps: [step("t/a", '"own"', '"own"'), step("t/a/log-1", '"in"', '"out"')],
    whole: [{ step_id: "t/a", inputs: '"own"', outputs: '"own"' }],
  },
  {
    why: "leaves out the run's own span",
    steps: [step("t/root", "null", "null"), step("t/a", "1", "2")],
    whole: [{ step_id: "t/a", inputs: "1", outputs: "2" }],
  },
];

describe("wholeSteps()", () => {
  it.each(cases)("$why", ({ steps, whole }) => expect(wholeSteps(run, steps)).toEqual(whole));

  it("leaves out no step of a run without a span", () => {
    expect(wholeSteps({ trace_id: "", span_id: "" }, [step("/", "1", "2")])).toHaveLength(1);
  });
});
