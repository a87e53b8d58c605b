import type { Engine } from "./engine.ts";

/** A collector that is silent for longer holds nothing up any more. By the store's own clock. */
const silenceSecondsMax = 120;

/** Notes that everything which a collector accepted before a time is in the store. */
export async function reportDrained(engine: Engine, collectorId: string, throughMs: number): Promise<void> {
  if (!/^[0-9a-f]+$/.test(collectorId)) throw new RangeError("Cannot report: the id must be hexadecimal");
  const through = `fromUnixTimestamp64Milli(${Math.floor(throughMs)})`;
  await engine.command(
    `INSERT INTO collectors (collector_id, drained_through) VALUES ('${collectorId}', ${through})`,
  );
}

/** Before which time everything is in the store that any collector heard of lately has accepted; null for no collector. */
export async function drainedThroughMs(engine: Engine): Promise<number | null> {
  const [row] = await engine.select<{ through: string; collectors: string }>(
    "sweep",
    `SELECT toUnixTimestamp64Milli(min(through)) AS through, count() AS collectors FROM (
      SELECT max(drained_through) AS through FROM collectors
      WHERE seen_at > now() - {silence:UInt32}
      GROUP BY collector_id
    )`,
    { silence: silenceSecondsMax },
  );
  return row === undefined || Number(row.collectors) === 0 ? null : Number(row.through);
}
