import type { Delivery, Journal, PauseState, PinnedBaseline } from "../journal/port.ts";
import type { Clock } from "../model/clock.ts";
import type { CanaryAnswer, CanaryCase, CanaryRound } from "../model/canary.ts";
import type { DataMap } from "../model/data-map.ts";
import type { Incident } from "../model/incident.ts";
import type { Json } from "../model/json.ts";
import type { SignalBucket } from "../model/signal.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import type { VersionPeriod, VersionStanding } from "../model/version-standing.ts";
import type { ApprovalDesk } from "../review/approval-desk.ts";
import type { ReviewDesk } from "../review/desk.ts";
import type { QueueFiller } from "../review/fill-queue.ts";
import type { ReadinessCriteria } from "../review/readiness.ts";
import type { Criterion } from "../review/scorecard.ts";
import type { Store } from "../store/port.ts";
import type { Guard } from "./guard.ts";

/** Who did something, and why; both are written to the audit log. */
export interface Act {
  actor: string;
  /** "" where none was given. */
  reason: string;
}

/** A workflow as it is configured and as it was last seen. */
export interface WorkflowInfo {
  workflow: string;
  /** "" where nobody is named. */
  owner: string;
  /** Arrival of the latest run that was swept, null before the first. */
  lastRunAtMs: number | null;
  /** What a drift may do by itself. */
  pauseMode: "off" | "dry-run" | "on";
  /** What it reads and writes, as configured. */
  dataMap: DataMap;
}

/** What to do with a workflow's baseline. */
export type BaselineRequest =
  /** Learn afresh from the next runs. */
  | { action: "relearn" }
  /** Learn from one span of time, or from the runs of one version. */
  | { action: "pin"; fromMs: number | null; toMs: number | null; version: string | null }
  /** Take what has been seen since the onset of the open drifts as the new normal. */
  | { action: "accept" };

/** What became of a baseline request. */
export type BaselineOutcome =
  | { kind: "pinned"; baseline: PinnedBaseline }
  | { kind: "learning"; runsMin: number }
  /** Nothing was changed; `why` is a full sentence. */
  | { kind: "refused"; why: string };

/** The running monitor as the API and pages see it. `watchFor` in `src/server.ts` puts it together. */
export interface Watch {
  /** Every workflow known from the configuration or from runs, by name. */
  workflows(): WorkflowInfo[];
  /** The latest verdict on each signal; empty before the first sweep. */
  signals(workflow: string): SignalVerdict[];
  /** One or two plain sentences on a verdict. */
  explain(verdict: SignalVerdict): string;
  pause(workflow: string, act: Act): PauseState;
  resume(workflow: string, act: Act): PauseState;
  /** Null where the incident is not known. */
  acknowledge(incidentId: string, act: Act): Incident | null;
  snooze(incidentId: string, act: Act, untilMs: number): Incident | null;
  resolve(incidentId: string, act: Act): Incident | null;
  baseline(workflow: string, act: Act, request: BaselineRequest): Promise<BaselineOutcome>;
  /** Compares two batches of counts, signal by signal; `baseline` of each verdict is the reference. */
  compare(reference: readonly SignalBucket[], candidate: readonly SignalBucket[]): SignalVerdict[];
  /** Which version is in use, which to go back to, and which an incident blames. */
  versionStanding(workflow: string, periods: readonly VersionPeriod[]): VersionStanding;
}

/** An input to freeze, with the answer that a person gives to it, if one does. */
export interface FreezeRequest {
  /** "" for one that follows from the inputs. */
  caseId: string;
  inputs: Json;
  outputs: Json | undefined;
}

/** Frozen inputs with pinned answers, and rounds of fresh answers to them. `src/watch/canary.ts` implements it. */
export interface Canary {
  cases(workflow: string): CanaryCase[];
  /** Newest first. */
  rounds(workflow: string, limit: number): CanaryRound[];
  /** Keeps the inputs; one with a known id is replaced. @throws {PermanentError} Past the limit of cases. */
  freeze(workflow: string, cases: readonly FreezeRequest[], act: Act): CanaryCase[];
  remove(workflow: string, caseId: string, act: Act): boolean;
  /** Keeps the answers as runs and judges them. A round that was judged before is answered again. */
  judge(workflow: string, roundId: string, answers: readonly CanaryAnswer[]): Promise<CanaryRound>;
  /** Lets the next round pin its answers anew: they differ because they are meant to. */
  repin(workflow: string, act: Act): void;
}

/** What became of sending a rejected body through the collector again. */
export type ReplayOutcome = { kind: "accepted"; runs: number } | { kind: "rejected"; why: string };

/** Whose data is to be forgotten, on whose order. */
export interface ForgetOrder extends Act {
  /** One workflow, or all. */
  workflow?: string | undefined;
  /** Runs in which this field is the value; without, runs that hold it anywhere. */
  field?: string | undefined;
  /** What names the person: an address, a name, a number. */
  value: string;
  /** Counts, and changes nothing. */
  isTrial: boolean;
  /** So many runs and rejects are to go, as a trial has told; asked for where they are many. */
  expect?: number | undefined;
}

/** What became of an order to forget. */
export type ForgetResult =
  | { kind: "done"; found: ForgetOutcome }
  /** So many runs and rejects would go that the order must name their number, or it named another. Nothing was changed. */
  | { kind: "unconfirmed"; expect: number; why: string };

/** What was forgotten, or would be. */
export interface ForgetOutcome {
  runs: number;
  rejects: number;
  /** Counts whose category was the value; they are kept under another name. */
  counts: number;
  /** Reviews and versions whose text was rewritten. */
  rewritten: number;
  /** Rows of the journal that were rewritten or deleted. */
  journalRows: number;
  /** Damaged files that were deleted. */
  files: number;
}

/** What the API and the pages are built on. */
export interface WebDeps {
  store: Store;
  journal: Journal;
  watch: Watch;
  canary: Canary;
  desk: ReviewDesk;
  filler: Pick<QueueFiller, "audit">;
  approvals: ApprovalDesk;
  /** A workflow's success criteria, as configured. */
  criteria: (workflow: string) => readonly Criterion[];
  /** When a workflow in shadow mode is ready to be switched on, as configured. */
  readiness: (workflow: string) => ReadinessCriteria;
  guard: Guard;
  /** The time of the data. */
  clock: Clock;
  /** The time of people: of what is held, and of who reviews. */
  wallClock: Clock;
  /** Sends the bytes of a reject through the collector again. */
  replayReject: (rejectId: string) => Promise<ReplayOutcome>;
  /** Forgets a person. @throws {TransientError} While the store cannot be reached. */
  forget: (order: ForgetOrder) => Promise<ForgetResult>;
  /** Makes a dead message due again; false if there is none such. */
  retryDelivery: (key: string, actor: string) => boolean;
  /** Which route a message takes, without what may be secret. */
  routeName: (message: Pick<Delivery, "channel" | "workflow">) => string;
  /** Answers a signed Slack button press; absent where Slack is not set up. */
  slackActions?: (request: Request) => Promise<Response>;
  metrics: { render(accept: string): Promise<{ contentType: string; body: string }> };
  /** Full sentences on what keeps the sidecar from working; empty when it is ready. */
  problems: () => Promise<string[]>;
  /** Full sentences on what people should see to while work goes on; shown on every page. */
  troubles: () => string[];
  /** Told of an error of no known kind that a route threw. */
  onBug: (error: Error) => void;
  /** The sidecar's own version. */
  version: string;
}
