import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import type { Accepted, AcceptOptions } from "./accept.ts";
import { Acceptor } from "./accept.ts";
import { createContractCheck } from "./contract.ts";
import { defaultCaps } from "./cut.ts";
import type { OtlpEncoding } from "./decode.ts";
import { readLogs, readTraces } from "./decode.ts";
import type { IngestDeps } from "./ingest-deps.ts";
import type { LabelDraft } from "./labels.ts";
import { readPlainOutcome, readPlainReview } from "./plain-labels.ts";
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
  outcome(runId: string, body: Json): Promise<LabelAnswer | null>;
  /** Makes runs of traces whose root has not come in time. Call it every second or so, and with `true` at the end. */
  settle(isLast?: boolean): Promise<void>;
}

/** What became of a review or an outcome. */
export interface LabelAnswer {
  id: string;
  status: "accepted" | "duplicate";
}

/** Creates the collector: decode, map, redact, check, count, and make durable. */
export function createIngest(deps: IngestDeps): Ingest {
  const { clock, words = defaultWords, caps = defaultCaps, duplicateWindowMs = 600_000 } = deps;
  const acceptor = new Acceptor(deps, {
    caps,
    words: createWordLists(words),
    recentInputs: createRecentInputs(duplicateWindowMs),
    checkContract: createContractCheck(),
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

  async function acceptLabel(label: LabelDraft, chosenBy: "random" | "targeted" | "api") {
    const { unknownRuns, duplicates } = await acceptor.accept(
      { ...emptyMapped(), labels: [label] },
      { chosenBy },
    );
    if (unknownRuns > 0) return null;
    const id = label.kind === "review" ? label.reviewId : label.outcomeId;
    return { id, status: duplicates > 0 ? "duplicate" : "accepted" } as const;
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
      const mapped = await reading(bytes, encoding, () => readLogs(bytes, encoding));
      return accept(mapped, bytes, { contentType: encoding, mayComeAgain: true });
    },
    async runs(bytes, { isHistory = false } = {}) {
      const arrival = { arrivedAtMs: clock.nowMs(), isHistory };
      const plain = await reading(bytes, "json", () => readPlainRuns(bytes, arrival));
      return answerRuns(plain, await accept(plain.mapped, bytes, { contentType: "json", isHistory }));
    },
    async review(runId, body, chosenBy = "api") {
      return acceptLabel(readPlainReview(runId, body), chosenBy);
    },
    async outcome(runId, body) {
      return acceptLabel(readPlainOutcome(runId, body), "api");
    },
    settle: (isLast = false) => acceptor.settle(isLast),
  };
}
