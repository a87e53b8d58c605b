import { randomUUID } from "node:crypto";
import type { Json } from "../model/json.ts";
import type { RowBatch, RowOf, Table } from "../model/rows.ts";
import type { Decision, Outcome, Review } from "../model/run.ts";
import type { CleanRun, CleanStep } from "./clean.ts";
import { cleanReject } from "./clean-reject.ts";
import type { ContractCheck } from "./contract.ts";
import type { FieldCatalogue } from "./field-catalogue.ts";
import type { RecentInputs } from "./observe.ts";
import {
  observeCanary,
  observeDecision,
  observeOutcome,
  observeReview,
  observeRun,
  observeStep,
} from "./observe.ts";
import type { WordLists } from "./observe-value.ts";
import { tryParseJson } from "./parse-json.ts";
import type { Redactor } from "./redact.ts";
import { decisionRow, outcomeRow, reviewRow, runRow, stepRow, versionRow } from "./rows.ts";
import type { WorkflowSettings } from "./settings.ts";
import type { Tally } from "./tally.ts";

/** What turning runs into rows needs to know. */
export interface BatchContext {
  settings: (workflow: string) => WorkflowSettings;
  checkContract: ContractCheck;
  catalogue: FieldCatalogue;
  words: WordLists;
  recentInputs: RecentInputs;
  /** Of the whole collector: a batch is made in one turn of the event loop, so that none overlaps another. */
  tally: Tally;
  redactor: Redactor;
  /** True if the version is not on record yet. */
  isNewVersion: (workflow: string, version: string) => boolean;
}

/** Something that could not be read, for the reject queue. */
export interface Reject {
  contentType: string;
  reason: string;
  body: Uint8Array | Json;
  atMs: number;
}

/** The rows of one request, as they grow. Everything that is added is clean already, but rejects. */
export interface Batch {
  /** Adds a run with its steps and, if new, its version. Returns its outputs as JSON text. */
  addRun(run: CleanRun): string;
  /** @param counted whether the step's workflow is certain, so that it may count. */
  addStep(step: CleanStep, version: string, atMs: number, counted: boolean): void;
  /** @param outputs JSON text of the run's own outputs, undefined where it is not at hand. */
  addReview(review: Review, outputs: string | undefined): void;
  /** @param isFirst of its name for its run: a run is counted once, however often its outcome is told. */
  addOutcome(outcome: Outcome, isFirst: boolean): void;
  addDecision(decision: Decision): void;
  addReject(reject: Reject): void;
  isEmpty(): boolean;
  rows(): RowBatch;
}

/** Creates an empty batch. */
export function createBatch(context: BatchContext): Batch {
  const { tally } = context;
  // What a request that failed halfway has counted.
  tally.rows();
  const batch: RowBatch = {};
  const newVersions = new Set<string>();
  let size = 0;
  const push = <T extends Table>(table: T, row: RowOf[T]) => {
    const rows: RowOf[T][] = (batch[table] ??= [] as never);
    rows.push(row);
    size += 1;
  };
  return {
    addRun(run) {
      const { inputsText: inputs = JSON.stringify(run.inputs) } = run;
      const { outputsText: outputs = JSON.stringify(run.outputs) } = run;
      const settings = context.settings(run.workflow);
      const contract = context.checkContract(settings.contract, run.inputs, run.outputs);
      const fields = observeRun(run, inputs, contract, settings, context);
      if (run.mode === "canary") observeCanary(run, settings, context);
      push("runs", runRow(run, inputs, outputs, contract, fields));
      for (const step of run.steps) this.addStep(step, run.version.id, run.receivedAtMs, run.mode === "live");
      const versionKey = `${run.workflow}\0${run.version.id}`;
      if (run.version.id !== "" && !newVersions.has(versionKey)) {
        if (context.isNewVersion(run.workflow, run.version.id)) push("versions", versionRow(run));
        newVersions.add(versionKey);
      }
      return outputs;
    },
    addStep(step, version, atMs, counted) {
      if (counted) observeStep(step, version, atMs, context);
      push("steps", stepRow(step, atMs));
    },
    addReview(review, outputs) {
      observeReview(review, outputs === undefined ? undefined : tryParseJson(outputs), context);
      push("reviews", reviewRow(review));
    },
    addOutcome(outcome, isFirst) {
      if (isFirst) observeOutcome(outcome, context);
      push("outcomes", outcomeRow(outcome));
    },
    addDecision(decision) {
      observeDecision(decision, context);
      push("decisions", decisionRow(decision));
    },
    addReject: (reject) => push("rejects", rejectRow(reject, context.redactor)),
    isEmpty: () => size === 0,
    rows() {
      const rollups = tally.rows();
      return rollups.length === 0 ? batch : { ...batch, rollups };
    },
  };
}

function rejectRow(reject: Reject, redactor: Redactor): RowOf["rejects"] {
  const body = cleanReject(reject, redactor);
  return {
    reject_id: randomUUID(),
    received_at: Math.floor(reject.atMs),
    source: "ingest",
    content_type: reject.contentType,
    reason: reject.reason,
    body: body.toString("base64"),
  };
}
