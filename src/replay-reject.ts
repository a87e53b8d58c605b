import type { Parts } from "./parts.ts";
import { PermanentError } from "./model/errors.ts";
import { readReject } from "./store/queries-rejects.ts";
import type { ReplayOutcome } from "./web/ports.ts";

/** Larger bodies are kept in part only. */
const keptBytesMax = 64 * 1024;

/**
 * Sends a rejected body through the collector again, as after a fix of the reader or of the sender's schema.
 *
 * A body is what arrived, redacted: an OTLP export, a plain run, or a list of them. What it is shows in its form.
 */
export async function replayReject(
  { store, ingest, journal, clock }: Parts,
  rejectId: string,
): Promise<ReplayOutcome> {
  const reject = await readReject(store, rejectId);
  if (reject === null) return { kind: "rejected", why: "it is not in the reject queue any more" };
  const body = Buffer.from(reject.body, "base64");
  if (body.length >= keptBytesMax) return { kind: "rejected", why: "only its first 64 KiB were kept" };
  try {
    const runs = await send(ingest, body, reject.content_type);
    const detail = `${rejectId}: ${runs} runs accepted`;
    journal.audit.append({ atMs: clock.nowMs(), actor: "", action: "replay reject", workflow: "", detail });
    return runs > 0
      ? { kind: "accepted", runs }
      : { kind: "rejected", why: "nothing in it is a run that is not known" };
  } catch (error) {
    if (error instanceof PermanentError) return { kind: "rejected", why: error.message };
    throw error;
  }
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
