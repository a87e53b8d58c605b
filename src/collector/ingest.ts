import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import { duplicateWindowMs } from "../model/signal.ts";
import type { Accepted, AcceptOptions } from "./request.ts";
import { Acceptor } from "./accept.ts";
import { createContractCheck } from "./contract.ts";
import { defaultCaps } from "./cut.ts";
import type { OtlpEncoding } from "./decode.ts";
import { readLogs, readTraces } from "./decode.ts";
import type { IngestDeps } from "./ingest-deps.ts";
import { type LabelDraft, labelIdOf } from "./labels.ts";
import { readPlainDecision, readPlainOutcome, readPlainReview } from "./plain-labels.ts";
import type { Mapped } from "./mapped.ts";
import { emptyMapped } from "./mapped.ts";
import { createRecentInputs } from "./observe.ts";
import { createWordLists } from "./observe-value.ts";
import { acceptInPortions } from "./portions.ts";
import type { RunAnswer } from "./plain-runs.ts";
import { answerRuns, readPlainRuns } from "./plain-runs.ts";
import { defaultWords } from "./settings.ts";

/** The collector's doors. Every call resolves once what it accepted is on disk. */
export interface Ingest {
  /** @throws {PermanentError} on a body that is no export. @throws {TransientError} when it cannot be kept now. */
  traces(bytes: Uint8Array, encoding: OtlpEncoding): Promise<Accepted>;
  logs(bytes: Uint8Array, encoding: OtlpEncoding): Promise<Accepted>;
  /** Plain JSON: one run or a list. History is counted in the minutes in which it started. */
  runs(bytes: Uint8Array, options?: { isHistory?: boolean }): Promise<RunAnswer[]>;
  /** Null if there is no such run. */
  review(runId: string, body: Json, chosenBy?: "random" | "targeted" | "api"): Promise<LabelAnswer | null>;
  /** Without an id the body names the run, which may be yet to come. */
  outcome(runId: string | null, body: Json): Promise<LabelAnswer | null>;
  /** The same for what a person decided on the input of a shadow run. @throws {PermanentError} on any other run. */
  decision(runId: string | null, body: Json): Promise<LabelAnswer | null>;
  /**
   * Makes runs of traces whose root has not come in time, and joins outcomes and decisions whose run has come. Call it
   * every second or so, and with `true` at the end.
   */
  settle(isLast?: boolean): Promise<void>;
  /** Reads what waits from the journal again, which was rewritten. */
  recall(): void;
}

/** What became of a review or an outcome. */
export interface LabelAnswer {
  id: string;
  /** `waiting`: it is kept until its run comes. */
  status: "accepted" | "duplicate" | "waiting";
}

/** Creates the collector: decode, map, redact, check, count, and make durable. */
export function createIngest(deps: IngestDeps): Ingest {
  const { clock, words = defaultWords, caps = defaultCaps } = deps;
  const acceptor = new Acceptor(deps, {
    caps,
    words: createWordLists(words),
    recentInputs: createRecentInputs(duplicateWindowMs),
    checkContract: createContractCheck(deps.catalogueValues),
    rootWaitMs: deps.rootWaitMs ?? 10_000,
  });

  const accept = (mapped: Mapped, bytes: Uint8Array, options: AcceptOptions) =>
    acceptInPortions(mapped, bytes.length, (portion) => acceptor.accept(portion, options));

  /** A body that cannot be read at all goes to the reject queue as a whole, and the caller hears why. */
  async function reading<T>(bytes: Uint8Array, contentType: string, read: () => T): Promise<T> {
    try {
      return read();
    } catch (error) {
      if (error instanceof PermanentError) await acceptor.reject("bad_body", bytes, contentType);
      throw error;
    }
  }

  return {
    async traces(bytes, encoding) {
      const read = () => readTraces(bytes, encoding, clock.nowMs());
      return accept(await reading<Mapped>(bytes, encoding, read), bytes, {
        contentType: encoding,
        mayComeAgain: true,
      });
    },
    async logs(bytes, encoding) {
      const mapped = await reading(bytes, encoding, () => readLogs(bytes, encoding, clock.nowMs()));
      return accept(mapped, bytes, { contentType: encoding, mayComeAgain: true });
    },
    async runs(bytes, { isHistory = false } = {}) {
      const arrival = { arrivedAtMs: clock.nowMs(), isHistory };
      const plain = await reading(bytes, "json", () => readPlainRuns(bytes, arrival));
      return answerRuns(plain, await accept(plain.mapped, bytes, { contentType: "json", isHistory }));
    },
    ...createLabelDoors(acceptor),
    recall: () => acceptor.recall(),
    async settle(isLast = false) {
      await acceptor.settle(isLast);
      await acceptor.settleLabels();
    },
  };
}

/** What people say of runs, one at a time. */
function createLabelDoors(acceptor: Acceptor): Pick<Ingest, "review" | "outcome" | "decision"> {
  async function acceptLabel(label: LabelDraft, chosenBy: "random" | "targeted" | "api") {
    const { unknownRuns, duplicates, rejected, waiting } = await acceptor.accept(
      { ...emptyMapped(), labels: [label] },
      { chosenBy },
    );
    if (unknownRuns > 0) return null;
    if ("decision_not_on_shadow_run" in rejected)
      throw new PermanentError("Cannot keep the decision: its run must have the mode 'shadow'");
    const id = labelIdOf(label);
    if (waiting.length > 0) return { id, status: "waiting" } as const;
    return { id, status: duplicates > 0 ? "duplicate" : "accepted" } as const;
  }

  return {
    async review(runId, body, chosenBy = "api") {
      return acceptLabel(readPlainReview(runId, body), chosenBy);
    },
    async outcome(runId, body) {
      return acceptLabel(readPlainOutcome(runId, body), "api");
    },
    async decision(runId, body) {
      return acceptLabel(readPlainDecision(runId, body), "api");
    },
  };
}
