import { expect, it } from "vitest";
import { draftEvaluation, type Evaluation } from "../../../src/collector/labels.ts";

const place = { runId: "r1", traceId: "t1", workflow: "triage", businessKey: "", atMs: 5 };
const said: Evaluation = {
  name: "correctness",
  label: "fail",
  score: 0.2,
  explanation: "the wrong queue",
  reviewer: "ana",
  mayReview: true,
};

const cases = [
  {
    why: "takes a label that is a verdict for a review",
    given: {},
    draft: {
      kind: "review",
      verdict: "rejected",
      reason: "correctness",
      note: "the wrong queue",
      reviewer: "ana",
    },
  },
  {
    why: "takes the score for an outcome where nobody reviewed",
    given: { mayReview: false },
    draft: { kind: "outcome", name: "correctness", value: 0.2, mayWait: false },
  },
  {
    why: "takes a label that is no verdict for an outcome",
    given: { label: "rude", score: null },
    draft: { kind: "outcome", name: "correctness", value: "rude" },
  },
  { why: "answers null for an outcome without a name", given: { name: "", label: "rude" }, draft: null },
  { why: "answers null where nothing was said", given: { label: "", score: null }, draft: null },
];
it.each(cases)("draftEvaluation() $why", ({ given, draft }) => {
  const found = draftEvaluation(place, { ...said, ...given });
  if (draft === null) expect(found).toBeNull();
  else expect(found).toMatchObject({ runId: "r1", traceId: "t1", workflow: "triage", atMs: 5, ...draft });
});
