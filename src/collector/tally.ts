import type { SignalKind } from "../model/signal.ts";
import { type HeadedRollup, rollupHead, rollupPlace } from "./rollup-lines.ts";

/** Counts observations of one workflow and version in one minute. */
export interface Scope {
  count(kind: SignalKind, field: string, bin: string): void;
}

/** Sums observations into rollup rows. It is kept from request to request, since most rows come again. */
export interface Tally {
  /** @param atMs any time within the minute, in milliseconds since the epoch. */
  scope(workflow: string, version: string, atMs: number): Scope;
  /** The rows counted since the last call. */
  rows(): HeadedRollup[];
}

type Place = Pick<HeadedRollup, "minute" | "workflow" | "version" | "place">;
type Bins = Map<string, HeadedRollup>;
type Kinds = Map<SignalKind, Bins>;

/** Rows remembered, some 400 bytes each. */
const knownRowsMax = 20_000;

/** Creates an empty tally. Nested maps, since joining keys would cost more than the counting. */
export function createTally(): Tally {
  let places = new Map<string, Scope>();
  let counted: HeadedRollup[] = [];
  let knownRows = 0;

  function createScope(place: Place): Scope {
    const fields = new Map<string, Kinds>();
    // The kinds of a field are counted one after another.
    let lastField = "";
    let lastKinds = entry(fields, lastField, (): Kinds => new Map());
    return {
      count(kind, field, bin) {
        if (field !== lastField) lastKinds = entry(fields, field, (): Kinds => new Map());
        lastField = field;
        const row = lastKinds.get(kind)?.get(bin) ?? addRow(lastKinds, place, kind, field, bin);
        if (row.n === 0) counted.push(row);
        row.n += 1;
      },
    };
  }

  function addRow(kinds: Kinds, place: Place, kind: SignalKind, field: string, bin: string): HeadedRollup {
    knownRows += 1;
    const key = { ...place, kind, field, bin };
    const row = { ...key, n: 0, head: rollupHead(key) };
    entry(kinds, kind, (): Bins => new Map()).set(bin, row);
    return row;
  }

  return {
    scope(workflow, version, atMs) {
      const minute = Math.floor(atMs / 60_000) * 60;
      return entry(places, `${minute}\0${workflow}\0${version}`, () =>
        createScope({ minute, workflow, version, place: rollupPlace({ minute, workflow, version }) }),
      );
    },
    rows() {
      const rows = counted.map((row) => ({ ...row }));
      for (const row of counted) row.n = 0;
      counted = [];
      if (knownRows > knownRowsMax) {
        places = new Map();
        knownRows = 0;
      }
      return rows;
    },
  };
}

function entry<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
