import type { Approval } from "../model/approval.ts";
import type { Clock } from "../model/clock.ts";
import { ownActor } from "../model/own-actor.ts";
import { numberBin } from "../model/signal.ts";
import type { FieldCatalogue } from "./field-catalogue.ts";
import type { SeenIds, Sink } from "./ports.ts";
import { createTally } from "./tally.ts";

/** Adds a decided item to the signals, once, however often it is called. @throws {TransientError} If it cannot now. */
export type CountApproval = (approval: Approval) => Promise<void>;

/**
 * Creates the counting of approvals: whether a person approved, how long that took, and whether nobody came. An item
 * that timed out says nothing about approval; one that was done by hand was not approved.
 */
export function createApprovalCounter(deps: {
  sink: Sink;
  seen: SeenIds;
  catalogue: FieldCatalogue;
  clock: Clock;
}): CountApproval {
  const { sink, seen, catalogue, clock } = deps;
  return async ({ approvalId, workflow, actor, state, heldAtMs, decidedAtMs }) => {
    const id = `approval:${approvalId}`;
    if (!seen.claim(id)) return;
    try {
      const fields = catalogue.of(workflow);
      const tally = createTally();
      if (fields !== null) {
        const scope = tally.scope(workflow, "", clock.nowMs());
        const isTimeOut = state === "timed_out" || actor === ownActor;
        scope.count("approval_timeouts", "", isTimeOut ? "yes" : "no");
        if (!isTimeOut) {
          scope.count("approval_rate", "", state === "approved" ? "yes" : "no");
          const bin = numberBin((decidedAtMs ?? heldAtMs) - heldAtMs);
          if (bin !== null) scope.count("approval_wait", "", bin);
        }
      }
      await sink.append({ rollups: tally.rows() }, [id]);
    } catch (error) {
      seen.release(id);
      throw error;
    }
  };
}
