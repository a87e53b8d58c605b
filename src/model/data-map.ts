/** Something outside that a workflow reads or writes. */
export interface DataSource {
  kind: "mailbox" | "table" | "folder" | "file" | "api" | "queue" | "other";
  name: string;
  /** The account that is used; "" where none was named. */
  account: string;
  /** Names of the steps that use it, besides those that name it themselves. */
  steps: readonly string[];
}

/** What a workflow reads and writes, as its owner says. Empty lists: the workflow has no map. */
export interface DataMap {
  reads: readonly DataSource[];
  writes: readonly DataSource[];
}

/** A source as steps name it: by the attribute `source`, else by the name of the tool. */
export interface NamedSource {
  step: string;
  /** "" where only the step's name is known. */
  source: string;
  calls: number;
  lastMs: number;
}

/** Tells whether anything was written down. */
export function hasDataMap({ reads, writes }: DataMap): boolean {
  return reads.length + writes.length > 0;
}

/** Sources that steps name and the map does not. Names are compared without case. */
export function unmappedSources({ reads, writes }: DataMap, seen: readonly NamedSource[]): NamedSource[] {
  const names = new Set<string>();
  const steps = new Set<string>();
  for (const entry of [...reads, ...writes]) {
    names.add(entry.name.toLowerCase());
    for (const step of entry.steps) steps.add(step.toLowerCase());
  }
  return seen.filter(({ step, source }) => {
    const isNamed = names.has((source === "" ? step : source).toLowerCase());
    return !isNamed && !steps.has(step.toLowerCase());
  });
}
