/** When a version was in use, and how much. */
export interface VersionPeriod {
  version: string;
  firstMs: number;
  lastMs: number;
  runs: number;
}

/** How a workflow's versions stand. */
export interface VersionStanding {
  /** The version that came last into use; "" for none. */
  current: string;
  /** The one to go back to; "" where there is none. */
  lastGood: string;
  /** Versions that an incident blames, with its id. */
  blamed: ReadonlyMap<string, string>;
}
