import { z } from "@hono/zod-openapi";

const time = z.string().meta({ description: "ISO 8601, UTC" });
const json = z.unknown().meta({ description: "Any JSON value, redacted" });

const head = {
  approval_id: z.string(),
  workflow: z.string(),
  action: z.string(),
  act: z.boolean().meta({ description: "Whether the act may be done" }),
};

/** An item that is held, or was. */
export const HeldItem = z
  .object({
    ...head,
    state: z.enum(["held", "approved", "rejected", "done_by_hand", "timed_out"]),
    reasons: z.array(z.string()).meta({ description: "Why it is held" }),
    held_at: time,
    deadline: time,
    on_timeout: z.enum(["hold", "act"]),
    decided_at: time.nullable(),
    actor: z.string(),
    reason: z.string(),
    run_id: z.string(),
    payload: json,
    inputs: json,
    outputs: json,
    confidence: z.number().nullable(),
    note: z.string(),
    error: z.string(),
  })
  .openapi("HeldItem");

/** What is answered to who asks: an item, or that no rule holds the act. */
export const Approval = z
  .union([HeldItem, z.object({ ...head, state: z.literal("clear") })])
  .openapi("Approval");
