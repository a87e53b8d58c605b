import type { Parts } from "./parts.ts";
import { PermanentError } from "./model/errors.ts";
import { type Table, tables } from "./model/rows.ts";
import { plural } from "./model/plural.ts";
import { readReject } from "./store/queries-rejects.ts";
import type { ReplayOutcome } from "./web/ports.ts";

/** Larger bodies are kept in part only. */
const keptBytesMax = 64 * 1024;

/**
 * Sends a rejected body through the collector again, as after a fix of the reader or of the sender's schema.
 *
 * A body is what arrived, redacted: an OTLP export, a plain run, or a list of them. What it is shows in its form. Or it
 * is a row that the store refused.
 */
export async function replayReject(parts: Parts, rejectId: string): Promise<ReplayOutcome> {
  const { store, ingest, journal, clock } = parts;
  const reject = await readReject(store, rejectId);
  if (reject === null) return { kind: "rejected", why: "it is not in the reject queue any more" };
  const body = Buffer.from(reject.body, "base64");
  if (reject.source === "store") return insertAgain(parts, rejectId, body);
  if (body.length >= keptBytesMax) return { kind: "rejected", why: "only its first 64 KiB were kept" };
  try {
    const runs = await send(ingest, body, reject.content_type);
    const detail = `${rejectId}: ${runs} ${plural(runs, "run")} accepted`;
    journal.audit.append({ atMs: clock.nowMs(), actor: "", action: "replay reject", workflow: "", detail });
    return runs > 0
      ? { kind: "accepted", runs }
      : { kind: "rejected", why: "nothing in it is a run that is not known" };
  } catch (error) {
    if (error instanceof PermanentError) return { kind: "rejected", why: error.message };
    throw error;
  }
}

/**
 * Sends a row that the store refused to it again. Its run is known and counted, so it goes into its table alone; if it
 * is refused again, it comes back as another reject.
 */
async function insertAgain(
  { spool, metrics }: Parts,
  rejectId: string,
  body: Buffer,
): Promise<ReplayOutcome> {
  const table = /^[^:]+:([a-z]+)/.exec(rejectId)?.[1];
  if (!isTable(table)) return { kind: "rejected", why: "it does not say which table it was for" };
  const claim = `replay:${rejectId}`;
  if (!spool.seenIds.claim(claim)) return { kind: "rejected", why: "it was sent to the store again before" };
  try {
    await spool.append({ [table]: [JSON.parse(body.toString()) as object] }, [claim]);
  } catch (error) {
    spool.seenIds.release(claim);
    throw error;
  }
  // Received = stored + rejected + still in the spool: it was counted among the rejected, and will be among the stored.
  if (table === "runs") metrics.runsReceived.inc({});
  return { kind: "accepted", runs: 1 };
}

function isTable(name: string | undefined): name is Table {
  return (tables as readonly (string | undefined)[]).includes(name);
}

async function send(ingest: Parts["ingest"], body: Buffer, contentType: string): Promise<number> {
  if (contentType === "protobuf") return (await ingest.traces(body, "protobuf")).newRunIds.length;
  const head = body.toString("utf8", 0, 2_000);
  if (head.includes('"resourceSpans"')) return (await ingest.traces(body, "json")).newRunIds.length;
  if (head.includes('"resourceLogs"')) {
    await ingest.logs(body, "json");
    return 0;
  }
  const answers = await ingest.runs(body);
  const refused = answers.find((answer) => answer.status === "rejected");
  if (refused?.status === "rejected") throw new PermanentError(refused.error);
  return answers.filter(({ status }) => status === "accepted").length;
}
