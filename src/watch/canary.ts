import { createHash } from "node:crypto";
import { type Budget, workflowDays } from "../detectors/budget.ts";
import type { Journal } from "../journal/port.ts";
import type { CanaryAnswer, CanaryCase, CanaryRound } from "../model/canary.ts";
import { type Clock, dayMs } from "../model/clock.ts";
import type { CompareRules } from "../model/compare-outputs.ts";
import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import { ownActor } from "../model/own-actor.ts";
import { plural } from "../model/plural.ts";
import type { Act, Canary, FreezeRequest } from "../web/ports.ts";
import { gatherRound, modelChange, pinRound } from "./canary-round.ts";

/** What the canary is built on. */
export interface CanaryDeps {
  journal: Journal;
  clock: Clock;
  budget: Budget;
  rulesOf: (workflow: string) => CompareRules;
  /** Closes an incident in a person's name. */
  resolve: (incidentId: string, act: Act) => void;
  /** Takes secrets and personal data out, as everywhere before something is kept. */
  clean: (value: Json, root: "input" | "output") => Json;
  /** Keeps answers as runs of the mode `canary`. */
  keep: (runs: object[]) => Promise<void>;
}

/** Inputs that one workflow may freeze. */
const casesMax = 500;
/** The canary's part of a workflow's false-alarm budget. */
const budgetShare = 0.25;
/** Rounds that follow each other faster take each as much of the budget as if they did not. */
const roundDaysMin = 1 / 24;

/**
 * Creates the canary: inputs that never change, so that a change of the answers is one of the automation or of the
 * model behind it. State is in the journal alone.
 */
export function createCanary(deps: CanaryDeps): Canary {
  const { journal, clock } = deps;
  const audit = (workflow: string, { actor }: Act, detail: string) =>
    journal.audit.append({ atMs: clock.nowMs(), actor, action: "canary", workflow, detail });
  return {
    cases: (workflow) => journal.canary.cases(workflow),
    rounds: (workflow, limit) => journal.canary.rounds(workflow, limit),
    freeze: (workflow, requests, act) =>
      journal.transaction(() => {
        const known = new Set(journal.canary.cases(workflow).map(({ caseId }) => caseId));
        const cases = requests.map((request) => freezeOne(deps, workflow, request));
        for (const { caseId } of cases) known.add(caseId);
        if (known.size > casesMax) {
          throw new PermanentError(
            `Cannot freeze inputs: a workflow may have at most ${casesMax}, got ${known.size}`,
          );
        }
        for (const one of cases) journal.canary.putCase(one);
        audit(workflow, act, `${cases.length} ${plural(cases.length, "input")} frozen`);
        return cases;
      }),
    remove: (workflow, caseId, act) => {
      const removed = journal.canary.removeCase(workflow, caseId);
      if (removed) audit(workflow, act, `Frozen input ${caseId} removed`);
      return removed;
    },
    judge: (workflow, roundId, answers) => judge(deps, workflow, roundId, answers),
    repin(workflow, act) {
      journal.transaction(() => {
        for (const one of journal.canary.cases(workflow)) {
          const pinned = one.pinned?.isGiven === true ? one.pinned : null;
          journal.canary.putCase({ ...one, pinned, noise: {} });
        }
        const [latest] = journal.canary.rounds(workflow, 1);
        if (latest !== undefined) journal.canary.putRound({ ...latest, isMeant: true });
        audit(workflow, act, `Answers are pinned anew by the next round: ${act.reason || "no reason given"}`);
      });
      for (const incidentId of ownIncidents(journal, workflow)) {
        deps.resolve(incidentId, { ...act, reason: act.reason || "canary: answers pinned anew" });
      }
    },
  };
}

/** Open incidents of nothing but canary signals. */
function ownIncidents(journal: Journal, workflow: string): string[] {
  const open = journal.incidents.list({ workflow, states: ["open", "acknowledged", "snoozed"] });
  return open
    .filter(({ signals }) => signals.every(({ signal }) => signal.kind === "canary_delta"))
    .map(({ incidentId }) => incidentId);
}

function freezeOne(
  { clean, clock }: CanaryDeps,
  workflow: string,
  { caseId, inputs: given, outputs }: FreezeRequest,
): CanaryCase {
  const inputs = clean(given, "input");
  const digest = createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 12);
  const pinned =
    outputs === undefined ? null : { outputs: clean(outputs, "output"), model: "", isGiven: true };
  return { workflow, caseId: caseId || digest, inputs, pinned, noise: {}, frozenAtMs: clock.nowMs() };
}

async function judge(
  deps: CanaryDeps,
  workflow: string,
  roundId: string,
  given: readonly CanaryAnswer[],
): Promise<CanaryRound> {
  const { journal, clock, clean } = deps;
  const judged = () => journal.canary.rounds(workflow, 50).find((round) => round.roundId === roundId);
  const early = judged();
  if (early !== undefined) return early;
  const cases = journal.canary.cases(workflow);
  const known = new Map(cases.map((one) => [one.caseId, one]));
  const stranger = given.find(({ caseId }) => !known.has(caseId));
  if (stranger !== undefined) {
    throw new PermanentError("Cannot judge the round: it answers an input that is not frozen", {
      hint: "Read the frozen inputs again; one may have been removed meanwhile",
    });
  }
  const answers = given.map((answer) => {
    const fingerprint = clean(answer.fingerprint, "output");
    return {
      ...answer,
      outputs: clean(answer.outputs, "output"),
      fingerprint: typeof fingerprint === "string" ? fingerprint : "",
    };
  });
  await deps.keep(answers.map((answer) => toRun(workflow, roundId, answer, known.get(answer.caseId))));
  // From here on without a pause: two rounds at once must not both learn from what was before.
  return journal.transaction(() => {
    const meanwhile = judged();
    if (meanwhile !== undefined) return meanwhile;
    const [before] = journal.canary.rounds(workflow, 1);
    const nowMs = Math.max(clock.nowMs(), (before?.atMs ?? 0) + 1);
    const days = before === undefined ? 1 : (nowMs - before.atMs) / dayMs;
    const alpha = (budgetShare * Math.min(1, Math.max(roundDaysMin, days))) / workflowDays(deps.budget);
    const rules = deps.rulesOf(workflow);
    const round = gatherRound({ workflow, roundId, nowMs, alpha, rules, before }, cases, answers);
    const change = modelChange(round, before);
    if (change !== null) journal.changes.append(change);
    if (round.outcome !== "differs")
      for (const one of pinRound(cases, answers, rules)) journal.canary.putCase(one);
    journal.canary.putRound(round);
    const detail = `Round ${roundId} of ${answers.length} ${plural(answers.length, "answer")}: ${round.outcome}`;
    journal.audit.append({ atMs: nowMs, actor: ownActor, action: "canary", workflow, detail });
    return round;
  });
}

/** An answer as a run in plain JSON. The SDK may have sent the same run, with its steps, before. */
function toRun(workflow: string, roundId: string, answer: CanaryAnswer, one: CanaryCase | undefined): object {
  const { caseId, runId, outputs, error, model, fingerprint, version } = answer;
  return {
    run_id: runId,
    workflow,
    mode: "canary",
    inputs: one?.inputs ?? null,
    outputs,
    ...(error === "" ? {} : { status: "error", error }),
    ...(version === "" ? {} : { version }),
    model_resolved: model,
    attributes: {
      canary_case: caseId,
      canary_round: roundId,
      ...(fingerprint === "" ? {} : { model_fingerprint: fingerprint }),
    },
  };
}
