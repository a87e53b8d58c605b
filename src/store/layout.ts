/** How long rows are kept after they were stored. */
export interface Retention {
  /** Days that runs, steps and rejects are kept; 0 keeps them for ever. */
  runDays: number;
  /** Days that rollups, reviews, outcomes and decisions are kept; 0 keeps them for ever. */
  rollupDays: number;
  /** Workflows that are kept shorter or longer. */
  workflows: readonly ({ workflow: string } & Pick<Retention, "runDays" | "rollupDays">)[];
}

/** How the tables are made: the same files serve one embedded engine and a replicated cluster. */
export interface Layout extends Retention {
  /** Name of a cluster for `ON CLUSTER` and replicated engines, "" for a single server. */
  cluster: string;
  /** Name of the database, which tables of a cluster refer to. */
  database: string;
}

/** A single engine with the default retention. */
export const defaultLayout: Layout = {
  runDays: 90,
  rollupDays: 400,
  workflows: [],
  cluster: "",
  database: "default",
};

/** The clause that makes a statement reach every server of the cluster, if there is one. */
export function onCluster({ cluster }: Layout): string {
  return cluster === "" ? "" : `ON CLUSTER '${cluster}'`;
}
