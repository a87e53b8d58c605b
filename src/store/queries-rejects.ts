import type { RejectRow } from "../model/rows.ts";
import type { Store } from "./port.ts";

/** One reject by its id, or null. */
export async function readReject(store: Pick<Store, "query">, rejectId: string): Promise<RejectRow | null> {
  const [row] = await store.query<RejectRow>(
    `SELECT reject_id, toUnixTimestamp64Milli(received_at) AS received_at, source, content_type, reason, body
     FROM rejects WHERE reject_id = {id:String} LIMIT 1`,
    { id: rejectId },
  );
  return row ?? null;
}
