import { createHmac } from "node:crypto";
import { createContractCheck } from "./collector/contract.ts";
import { canonicalJson } from "./collector/version-id.ts";
import { createApprovalCounter } from "./collector/count-approvals.ts";
import { type Config, type WorkflowConfig, workflowConfig } from "./config.ts";
import { type Approval, isOpen } from "./model/approval.ts";
import { minuteMs } from "./model/clock.ts";
import type { Base, CollectorParts, Parts } from "./parts.ts";
import { type ApprovalDesk, type ApprovalSettings, createApprovalDesk } from "./review/approval-desk.ts";
import { createTopicFinder } from "./review/topics.ts";
import { secretOf } from "./secret-of.ts";

/** Builds the desk at which automations ask before they act. */
export function buildApprovals(
  base: Base,
  { catalogue, catalogues, redactor, spool }: CollectorParts,
  alerts: Parts["alerts"],
): ApprovalDesk {
  const { config, clock, wallClock, journal, metrics } = base;
  const checkContract = createContractCheck(catalogues.values);
  const key = secretOf(journal, "approval key");
  const desk = createApprovalDesk({
    journal,
    settings: createSettings(config),
    checkContract: (workflow, inputs, outputs) =>
      checkContract(workflowConfig(config, workflow).contract, inputs, outputs),
    redact: {
      value: (value, root) => redactor.value(value, root).value,
      text: (text) => redactor.text(text),
    },
    fingerprint: (act) => createHmac("sha256", key).update(canonicalJson(act)).digest("hex"),
    tell: (approval) => alerts.tellApproval(approval, countOpen(journal.approvals.openCounts(), approval)),
    count: createApprovalCounter({ sink: spool, seen: spool.seenIds, catalogue, clock }),
    meters: metrics,
    wallClock,
  });
  // A workflow without open items any more still shows its zero.
  const seen = new Set<string>();
  metrics.beforeScrape(() => {
    const waiting = new Map(desk.waiting().map(({ workflow, items }) => [workflow, items]));
    for (const workflow of waiting.keys()) seen.add(workflow);
    for (const workflow of seen) metrics.approvalQueue.set({ workflow }, waiting.get(workflow) ?? 0);
  });
  return desk;
}

function countOpen(counts: readonly { workflow: string; items: number }[], approval: Approval): number {
  const open = counts.find(({ workflow }) => workflow === approval.workflow)?.items ?? 0;
  return isOpen(approval) ? Math.max(1, open) : open;
}

/** Compiles a workflow's topics once for as long as its settings are in force. */
function createSettings(config: Config): (workflow: string) => ApprovalSettings {
  const compiled = new WeakMap<WorkflowConfig["approval"], ApprovalSettings["hardStops"]>();
  return (workflow) => {
    const { approval } = workflowConfig(config, workflow);
    let hardStops = compiled.get(approval) ?? null;
    const { hard_stops: given } = approval;
    if (hardStops === null && given !== undefined) {
      hardStops = {
        confidenceBelow: given.confidence_below ?? null,
        contractBroken: given.contract_broken,
        inputIncomplete: given.input_incomplete,
        topics: createTopicFinder(given.topics),
      };
      compiled.set(approval, hardStops);
    }
    return {
      waitMs: approval.wait_minutes * minuteMs,
      actsOnTimeout: approval.on_timeout === "act",
      hardStops,
      nullWords: new Set(config.words.null.map((word) => word.trim().toLowerCase())),
    };
  };
}
