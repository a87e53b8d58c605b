import { z } from "zod";
import { share, whole } from "./config-values.ts";

/** How one field of two outputs is compared. */
const compareRule = z.strictObject({
  by: z.enum(["exact", "number", "text", "ignore"]).default("exact").meta({
    description:
      "`exact`, `number` within the tolerance, `text` but for case, spaces and punctuation, or `ignore`",
  }),
  tolerance: z
    .number()
    .min(0)
    .default(0)
    .meta({ description: "How far two numbers may be apart, in their own unit" }),
});

/** How outputs are compared with people's decisions and with the canary's pinned answers. */
export const compareSchema = z
  .record(z.string().min(1), compareRule)
  .default({})
  .meta({ description: "How outputs are compared, by field path below the outputs; by default exactly" });

/** When a workflow in shadow mode is ready to be switched on. */
export const shadowSchema = z
  .strictObject({
    decisions_min: whole(
      "Decisions of people on the present version that the verdict must rest on",
      100,
      10,
      1_000_000,
    ),
    agreement_min: share(
      "Each field must agree with people at least so often: lower end of the 95 % interval",
      0.95,
    ),
    fields: z
      .record(z.string().min(1), z.number().min(0).max(1))
      .default({})
      .meta({ description: "The same for single field paths below the outputs; 0 leaves one out" }),
    window_days: whole("Days of decisions that count", 28, 1, 365),
  })
  .prefault({});
