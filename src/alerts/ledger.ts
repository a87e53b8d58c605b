import type { Journal, PauseState } from "../journal/port.ts";
import type { Approval } from "../model/approval.ts";
import { type Clock, minuteMs } from "../model/clock.ts";
import type { Incident, IncidentEvent } from "../model/incident.ts";
import { ownActor } from "../model/own-actor.ts";
import { decidePause } from "./decide-pause.ts";
import type { Digest, Notice } from "./notice.ts";
import { owedMessages } from "./owed-messages.ts";
import { type AlertSettings, settingsOf } from "./settings.ts";

/** A person's or the sidecar's order to stop or go on. */
export interface PauseOrder {
  workflow: string;
  actor: string;
  reason: string;
  /** "" or absent for none. */
  incidentId?: string;
}

/** A trouble of the sidecar's own, or its end. */
export interface Problem {
  /** Stays the same from the beginning to the end: `disk`, `route slack`. */
  problemId: string;
  /** One sentence. */
  text: string;
  solved: boolean;
  /** Its beginning is told at most once in so long: word of another waits, and is dropped if that ends meanwhile. */
  quietMs?: number;
}

/** Writes down what happened and what is owed for it. Needs the journal only; every call is one transaction. */
export interface Ledger {
  /**
   * Writes down one sweep's or one command's transitions, with the audit, the pauses they cause and the messages
   * they owe; joins the caller's transaction if there is one.
   */
  record(transitions: { incidents: readonly Incident[]; events: readonly IncidentEvent[] }): void;
  /** Stops new work: the gate says so on return, webhook and platform follow. False if it is paused already. */
  pauseWorkflow(order: PauseOrder): boolean;
  /** Lets new work through again. False if it is not paused. */
  resumeWorkflow(order: PauseOrder): boolean;
  /** Tells of a trouble, once for its beginning and once for its end, by every channel but `exceptChannel`. */
  problem(problem: Problem, exceptChannel?: string): void;
  /**
   * Tells that an item is held, or was not decided in time; joins the caller's transaction if there is one. While items
   * of a workflow come thick, people hear of them once in fifteen minutes.
   *
   * @param openItems Items of the workflow that ask for a person, this one included.
   */
  tellApproval(approval: Approval, openItems: number): void;
  /** Tells of the week that has passed; the same week is told once. */
  digest(digest: Digest): void;
}

export interface LedgerDeps {
  journal: Journal;
  clock: Clock;
  settings: AlertSettings;
  /** Called when messages may be owed. The caller's transaction may not be committed yet, but will be this tick. */
  onOwed(): void;
}

/** While more than one item waits, another message of the same kind leaves after so long. */
const approvalQuietMs = 15 * minuteMs;

/** Creates the ledger. */
export function createLedger(deps: LedgerDeps): Ledger {
  const { journal } = deps;
  const transact = (work: () => void): void => {
    journal.transaction(work);
    deps.onOwed();
  };
  const order = (state: PauseState["state"], one: PauseOrder): boolean => {
    if (journal.pauses.get(one.workflow).state === state) return false;
    transact(() => {
      const pause = setPause(deps, state, one);
      owePause(deps, pause, journal.incidents.get(pause.incidentId));
    });
    return true;
  };
  return {
    record: (transitions) => transact(() => record(deps, transitions)),
    pauseWorkflow: (one) => order("paused", one),
    resumeWorkflow: (one) => order("running", one),
    problem(problem, exceptChannel = "") {
      const isKnown = journal.meta.get(`problem ${problem.problemId}`) === "yes";
      if (isKnown === problem.solved) transact(() => tellProblem(deps, problem, exceptChannel));
    },
    tellApproval: (approval, openItems) => transact(() => tellApproval(deps, approval, openItems)),
    digest: (digest) => transact(() => owe(deps, { about: "digest", ...digest })),
  };
}

function record(deps: LedgerDeps, { incidents, events }: Parameters<Ledger["record"]>[0]): void {
  const results = new Map(incidents.map((incident) => [incident.incidentId, stopFor(deps, incident)]));
  for (const { incident } of results.values()) deps.journal.incidents.put(incident);
  for (const event of events) {
    const result = results.get(event.incident.incidentId);
    const { incident, wouldPause } = result ?? { incident: event.incident, wouldPause: false };
    const { workflow, incidentId } = incident;
    audit(deps, event.actor, `incident ${event.kind}`, workflow, `${incidentId} ${event.note}`.trim());
    const pause = deps.journal.pauses.get(workflow);
    owe(deps, { about: "incident", event: { ...event, incident }, pause, wouldPause });
  }
  const told = new Set(events.map(({ incident }) => incident.incidentId));
  // The message on the incident's transition says that it paused the workflow; people need no second one.
  for (const { incident, pause } of results.values())
    if (pause !== null) owePause(deps, pause, incident, told.has(incident.incidentId) ? "slack" : "");
}

/** Pauses the workflow if the incident is to stop it; answers the incident with what became of it. */
function stopFor(
  deps: LedgerDeps,
  incident: Incident,
): { incident: Incident; pause: PauseState | null; wouldPause: boolean } {
  const { workflow, incidentId } = incident;
  const decision = decidePause(incident, settingsOf(deps.settings, workflow).pause);
  if (decision.kind !== "pause")
    return { incident, pause: null, wouldPause: decision.kind === "would pause" };
  const paused = { ...incident, pausedWorkflow: true };
  if (deps.journal.pauses.get(workflow).state === "paused")
    return { incident: paused, pause: null, wouldPause: false };
  const order = { workflow, actor: ownActor, reason: decision.reason, incidentId };
  return { incident: paused, pause: setPause(deps, "paused", order), wouldPause: false };
}

function setPause(
  deps: LedgerDeps,
  state: PauseState["state"],
  { workflow, actor, reason, incidentId = "" }: PauseOrder,
): PauseState {
  const pause: PauseState = { workflow, state, sinceMs: deps.clock.nowMs(), reason, actor, incidentId };
  deps.journal.pauses.set(pause);
  audit(deps, actor, state === "paused" ? "pause" : "resume", workflow, reason);
  return pause;
}

function owePause(deps: LedgerDeps, pause: PauseState, incident: Incident | null, exceptChannel = ""): void {
  const { owner } = settingsOf(deps.settings, pause.workflow);
  owe(deps, { about: "pause", pause, owner, incident }, exceptChannel);
}

function tellProblem(
  deps: LedgerDeps,
  { problemId, text, solved, quietMs = 0 }: Problem,
  exceptChannel: string,
): void {
  const { meta, outbox } = deps.journal;
  const nowMs = deps.clock.nowMs();
  meta.set(`problem ${problemId}`, solved ? "no" : "yes");
  audit(deps, ownActor, solved ? "problem solved" : "problem", "", text);
  const key = `problem told ${problemId}`;
  // In the future while word of the beginning is held back, and further only where the clock was set back since.
  const lastMs = Number(meta.get(key) ?? Infinity);
  const toldMs = lastMs <= nowMs + quietMs ? lastMs : nowMs - quietMs;
  if (solved && toldMs > nowMs) {
    meta.set(key, String(toldMs - quietMs));
    for (const held of outbox.list({ state: "pending", subject: problemId })) outbox.withdraw(held.key);
    return;
  }
  const tellMs = solved ? nowMs : Math.max(nowMs, toldMs + quietMs);
  if (!solved) meta.set(key, String(tellMs));
  owe(deps, { about: "problem", problemId, text, solved, atMs: nowMs }, exceptChannel, tellMs);
}

function tellApproval(deps: LedgerDeps, approval: Approval, openItems: number): void {
  const { workflow, state, heldAtMs, decidedAtMs } = approval;
  const key = `approval told ${state} ${workflow}`;
  const atMs = decidedAtMs ?? heldAtMs;
  if (openItems > 1 && atMs - Number(deps.journal.meta.get(key) ?? 0) < approvalQuietMs) return;
  deps.journal.meta.set(key, String(atMs));
  const { approvalId, action, reasons, deadlineMs, actsOnTimeout } = approval;
  const told = {
    ...{ approvalId, workflow, action, reasons, state },
    ...{ heldAtMs, deadlineMs, decidedAtMs, actsOnTimeout },
  };
  const { owner } = settingsOf(deps.settings, workflow);
  owe(deps, { about: "approval", approval: told, owner, openItems });
}

function owe(
  { journal, clock, settings }: LedgerDeps,
  notice: Notice,
  exceptChannel = "",
  notBeforeMs = 0,
): void {
  const nowMs = clock.nowMs();
  const later = notBeforeMs > nowMs ? { notBeforeMs } : {};
  for (const message of owedMessages(notice, settings, nowMs))
    if (message.channel !== exceptChannel) journal.outbox.enqueue({ ...message, ...later });
}

function audit(
  { journal, clock }: LedgerDeps,
  actor: string,
  action: string,
  workflow: string,
  detail: string,
): void {
  journal.audit.append({ atMs: clock.nowMs(), actor, action, workflow, detail });
}
