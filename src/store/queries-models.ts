import type { Span, Store } from "./port.ts";

/** Which version and model answered how many runs in a span, and since when. */
export interface ModelUse {
  workflow: string;
  version: string;
  /** The model that answered, "" where runs do not say. */
  modelResolved: string;
  firstMs: number;
  runs: number;
}

/** Reads which models answered, of one workflow or of all. Touches four narrow columns of the span's runs. */
export function readModelUse(
  store: Pick<Store, "query">,
  { fromMs, toMs, workflow = "" }: Span & { workflow?: string },
): Promise<ModelUse[]> {
  return store.query<ModelUse>(
    `SELECT workflow, version, model_resolved AS modelResolved, toFloat64(count()) AS runs,
       toFloat64(toUnixTimestamp64Milli(min(received_at))) AS firstMs
     FROM runs
     WHERE received_at >= fromUnixTimestamp64Milli({fromMs:Int64})
       AND received_at < fromUnixTimestamp64Milli({toMs:Int64})
       AND ({workflow:String} = '' OR workflow = {workflow:String})
     GROUP BY workflow, version, modelResolved
     ORDER BY firstMs`,
    { fromMs, toMs, workflow },
  );
}
