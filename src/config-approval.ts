import { z } from "zod";
import { whole } from "./config-values.ts";
import { compilePattern } from "./model/linear-pattern.ts";
import { builtInTopics, patternIn } from "./review/topics.ts";

const topicWords = z
  .array(
    z
      .string()
      .trim()
      .min(1)
      .superRefine((word, context) => {
        const pattern = patternIn(word);
        const outcome = pattern === null ? null : compilePattern(pattern, "iu");
        if (outcome?.kind !== "refused") return;
        const message = `must be a word or, between slashes, ${outcome.why}`;
        context.addIssue({ code: "custom", message });
      }),
  )
  .meta({ description: "The owner's words and, between slashes, patterns" });

const hardStops = z.strictObject({
  confidence_below: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: "Holds an item with a lower confidence, or with none" }),
  contract_broken: z
    .boolean()
    .default(true)
    .meta({ description: "Holds an item whose inputs or outputs break the workflow's contract" }),
  input_incomplete: z
    .boolean()
    .default(false)
    .meta({ description: "Holds an item of which a required input is missing or an input holds nothing" }),
  topics: z
    .record(z.string().min(1).max(100), topicWords)
    .default({})
    .superRefine((topics, context) => {
      for (const [name, own] of Object.entries(topics)) {
        if (own.length > 0 || builtInTopics.includes(name)) continue;
        const message = `must have words, since it is none of ${builtInTopics.join(", ")}`;
        context.addIssue({ code: "custom", path: [name], message });
      }
    })
    .meta({
      description:
        "Holds an item that speaks of a topic: `money`, `contracts`, `security` and `account_access` know words of their own (`money: []`), any other has the owner's",
    }),
});

/** How items are held that an automation asks about before it acts. */
export const approvalSchema = z
  .strictObject({
    wait_minutes: whole("Minutes that a held item waits for a person", 1440, 1, 525_600),
    on_timeout: z
      .enum(["hold", "act"])
      .default("hold")
      .meta({ description: "What an item does that nobody decided in time: `hold` never acts" }),
    hard_stops: hardStops
      .optional()
      .meta({ description: "Which items must be held; without it every one is" }),
  })
  .prefault({});
