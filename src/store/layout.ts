/** How the tables are made: the same files serve one embedded engine and a replicated cluster. */
export interface Layout {
  /** Days that runs, steps and rejects are kept after they were stored; 0 keeps them for ever. */
  runDays: number;
  /** Days that rollups, reviews and outcomes are kept; 0 keeps them for ever. */
  rollupDays: number;
  /** Name of a cluster for `ON CLUSTER` and replicated engines, "" for a single server. */
  cluster: string;
}

/** A single engine with the default retention. */
export const defaultLayout: Layout = { runDays: 90, rollupDays: 400, cluster: "" };

/** The clause that makes a statement reach every server of the cluster, if there is one. */
export function onCluster({ cluster }: Layout): string {
  return cluster === "" ? "" : `ON CLUSTER '${cluster}'`;
}
