import type { WorkflowBoard } from "../boards/workflow.ts";
import { type DataSource, hasDataMap } from "../../model/data-map.ts";
import { formatCount } from "../format.ts";
import { Badge, Card, Empty } from "./parts.tsx";

/** What the workflow reads and writes, and what its steps name beyond that. */
export function DataMapCard({ board }: { board: WorkflowBoard }) {
  const { dataMap } = board.info;
  return (
    <Card title="Data map" id="data-map">
      {hasDataMap(dataMap) ? (
        <div class="columns">
          <Sources title="Reads" sources={dataMap.reads} />
          <Sources title="Writes" sources={dataMap.writes} />
        </div>
      ) : (
        <p class="notice">
          This workflow has no data map. Name what it reads and writes under <code>reads</code> and{" "}
          <code>writes</code> in the configuration.
        </p>
      )}
      <Unmapped board={board} />
    </Card>
  );
}

function Sources({ title, sources }: { title: string; sources: readonly DataSource[] }) {
  return (
    <div>
      <h3>{title}</h3>
      {sources.length === 0 ? <Empty>Nothing is named.</Empty> : null}
      <ul>
        {sources.map(({ kind, name, account }) => (
          <li>
            {kind} <strong>{name}</strong>
            {account === "" ? <span class="quiet"> (no account named)</span> : ` as ${account}`}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Unmapped({ board: { unmapped } }: { board: WorkflowBoard }) {
  if (unmapped === null)
    return <Empty>ClickHouse cannot be reached: what steps name is not known now.</Empty>;
  if (unmapped.length === 0) return null;
  return (
    <>
      <p>
        <Badge state="warning" /> Steps of the last week name what the map does not:
      </p>
      <ul>
        {unmapped.map(({ step, source, calls }) => (
          <li>
            <strong>{source === "" ? step : source}</strong>
            {source === "" ? "" : ` (step ${step})`}, {formatCount(calls)} calls
          </li>
        ))}
      </ul>
    </>
  );
}
