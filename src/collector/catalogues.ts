import { type Clock, minuteMs } from "../model/clock.ts";
import { PermanentError, TransientError } from "../model/errors.ts";
import { readCatalogueValues } from "./catalogue-values.ts";
import type { CatalogueValues } from "./contract-rules.ts";

/** Where a catalogue's values come from; keys as people write them. Either `url` or `file` is "". */
export interface CatalogueSource {
  url: string;
  file: string;
  values_at: string;
  token: string;
  refresh_minutes: number;
}

/** What is known of one catalogue. */
export interface CatalogueState {
  name: string;
  /** Values in force, 0 while there are none. */
  values: number;
  /** When they were read, in milliseconds since the epoch; null before the first time. */
  readAtMs: number | null;
  /** Why the latest reading failed; "" where it did not. */
  fault: string;
}

/** Lists of allowed values that are kept elsewhere. */
export interface Catalogues {
  values: CatalogueValues;
  /** Reads what is due; never rejects. Call it every few seconds. */
  refresh(): Promise<void>;
  states(): CatalogueState[];
}

/** What catalogues are built on. */
export interface CataloguesDeps {
  /** The sources in force, by name. */
  sources: () => Readonly<Record<string, CatalogueSource>>;
  /** The text behind a source. @throws {PermanentError | TransientError} If it cannot be had. */
  read: (source: CatalogueSource) => Promise<string>;
  /** The latest good text of a catalogue, so that it outlives a restart while the source is away. */
  cache: {
    load(name: string): { text: string; readAtMs: number } | null;
    save(name: string, text: string): void;
  };
  clock: Clock;
}

interface Known {
  source: CatalogueSource;
  values: ReadonlySet<string> | null;
  readAtMs: number | null;
  fault: string;
  dueAtMs: number;
  text: string;
}

/** A source that failed is asked again this soon, or sooner where it is read more often. */
const retryMs = minuteMs;

/**
 * Creates the catalogues. The latest good values stay in force while their source is away; before the first ones
 * came, rules that need them are not judged.
 */
export function createCatalogues(deps: CataloguesDeps): Catalogues {
  const catalogues = new Map<string, Known>();

  function open(name: string): Known | null {
    const sources = deps.sources();
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
    if (source === undefined) return null;
    const known = catalogues.get(name);
    if (known?.source === source) return known;
    const opened = fromCache(deps, name, source);
    catalogues.set(name, opened);
    return opened;
  }

  async function refreshOne(name: string): Promise<void> {
    const known = open(name);
    const nowMs = deps.clock.nowMs();
    if (known === null || known.dueAtMs > nowMs) return;
    const everyMs = known.source.refresh_minutes * minuteMs;
    known.dueAtMs = nowMs + everyMs;
    try {
      const text = await deps.read(known.source);
      if (text !== known.text) known.values = readCatalogueValues(text, known.source.values_at);
      if (text !== known.text) deps.cache.save(name, text);
      Object.assign(known, { text, readAtMs: deps.clock.nowMs(), fault: "" });
    } catch (error) {
      if (!(error instanceof PermanentError || error instanceof TransientError)) throw error;
      known.fault = error.message;
      known.dueAtMs = nowMs + Math.min(everyMs, retryMs);
    }
  }

  return {
    values: (name) => open(name)?.values ?? null,
    async refresh() {
      await Promise.all(Object.keys(deps.sources()).map(refreshOne));
    },
    states: () =>
      Object.keys(deps.sources()).map((name) => {
        const known = open(name);
        const { values = null, readAtMs = null, fault = "" } = known ?? {};
        return { name, values: values?.size ?? 0, readAtMs, fault };
      }),
  };
}

function fromCache({ cache }: CataloguesDeps, name: string, source: CatalogueSource): Known {
  const opened: Known = { source, values: null, readAtMs: null, fault: "", dueAtMs: 0, text: "" };
  const kept = cache.load(name);
  if (kept === null) return opened;
  try {
    const values = readCatalogueValues(kept.text, source.values_at);
    return { ...opened, values, ...kept };
  } catch (error) {
    // Kept for other settings of the catalogue: it is read anew.
    if (error instanceof PermanentError) return opened;
    throw error;
  }
}
