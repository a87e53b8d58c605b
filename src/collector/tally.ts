import type { RollupRow } from "../model/rows.ts";
import type { SignalKind } from "../model/signal.ts";

/** Counts observations of one workflow and version in one minute. */
export interface Scope {
  count(kind: SignalKind, field: string, bin: string): void;
}

/** Sums the observations of one request into rollup rows. */
export interface Tally {
  /** @param atMs any time within the minute, in milliseconds since the epoch. */
  scope(workflow: string, version: string, atMs: number): Scope;
  rows(): RollupRow[];
}

type Counts = Map<string, number>;
type Fields = Map<string, Counts>;

interface Place {
  minute: number;
  workflow: string;
  version: string;
  kinds: Map<SignalKind, Fields>;
}

/** Creates an empty tally. Nested maps, since joining keys would cost more than the counting. */
export function createTally(): Tally {
  const places = new Map<string, Place & Scope>();
  return {
    scope(workflow, version, atMs) {
      const minute = Math.floor(atMs / 60_000) * 60;
      const key = `${minute}\0${workflow}\0${version}`;
      const known = places.get(key);
      if (known !== undefined) return known;
      const kinds = new Map<SignalKind, Fields>();
      const place = {
        minute,
        workflow,
        version,
        kinds,
        count(kind: SignalKind, field: string, bin: string) {
          const fields = entry(kinds, kind, () => new Map<string, Counts>());
          const counts = entry(fields, field, () => new Map<string, number>());
          counts.set(bin, (counts.get(bin) ?? 0) + 1);
        },
      };
      places.set(key, place);
      return place;
    },
    rows: () => [...places.values()].flatMap(rowsOf),
  };
}

function rowsOf({ minute, workflow, version, kinds }: Place): RollupRow[] {
  const rows: RollupRow[] = [];
  for (const [kind, fields] of kinds) {
    for (const [field, counts] of fields) {
      for (const [bin, n] of counts) rows.push({ minute, workflow, version, kind, field, bin, n });
    }
  }
  return rows;
}

function entry<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
