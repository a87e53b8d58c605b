import type { RunRow } from "../../model/rows.ts";
import { readFindings } from "../api/present.ts";
import { formatDuration } from "../format.ts";
import { Ago, Badge, Card, Empty, RunLink, Table, workflowPath } from "./parts.tsx";

/** What a person filled in, as text. */
export type SearchForm = Partial<Record<"workflow" | "status" | "version" | "q" | "field" | "value", string>>;

interface Props {
  form: SearchForm;
  workflows: string[];
  /** Null while ClickHouse is away; `problem` says why. */
  runs: RunRow[] | null;
  problem: string;
  /** Link to the next page, or null. */
  more: string | null;
  nowMs: number;
}

/** Runs by id, text, field value and status, newest first. */
export function RunsPage({ form, workflows, runs, problem, more, nowMs }: Props) {
  return (
    <>
      <h1>Runs</h1>
      <form method="get" action="/runs" class="search" role="search">
        <label>
          Run id or text
          <input type="search" name="q" value={form.q} id="search" maxlength={200} />
        </label>
        <label>
          Workflow
          <select name="workflow">
            <option value="">any</option>
            {workflows.map((workflow) => (
              <option value={workflow} selected={workflow === form.workflow}>
                {workflow}
              </option>
            ))}
          </select>
        </label>
        <label>
          Status
          <select name="status">
            {["", "ok", "error"].map((status) => (
              <option value={status} selected={status === (form.status ?? "")}>
                {status === "" ? "any" : status}
              </option>
            ))}
          </select>
        </label>
        <label>
          Field
          <input name="field" value={form.field} placeholder="output.category" />
        </label>
        <label>
          is
          <input name="value" value={form.value} placeholder="any value" />
        </label>
        {form.version === undefined ? null : <input type="hidden" name="version" value={form.version} />}
        <button class="primary">Search</button>
      </form>
      {problem === "" ? null : <p class="notice bad">{problem}</p>}
      <Card title="Newest first">
        {runs === null || runs.length === 0 ? (
          <Empty>No run matches.</Empty>
        ) : (
          <RunTable runs={runs} nowMs={nowMs} />
        )}
        {more === null ? null : (
          <p>
            <a href={more} rel="next">
              Older runs
            </a>
          </p>
        )}
      </Card>
    </>
  );
}

function RunTable({ runs, nowMs }: { runs: RunRow[]; nowMs: number }) {
  return (
    <Table label="Runs" columns={["Run", "Workflow", "Status", "Output", "Took", "Arrived"]}>
      {runs.map((run) => (
        <tr data-row>
          <th scope="row">
            <RunLink runId={run.run_id} />
          </th>
          <td data-label="Workflow">
            <a href={workflowPath(run.workflow)}>{run.workflow}</a>
          </td>
          <td data-label="Status">
            <Badge state={run.status} />
            {readFindings(run.findings).length === 0 ? null : <small>breaks contract</small>}
          </td>
          <td data-label="Output" class="peek">
            {run.status === "error" ? run.error_type : run.outputs.slice(0, 120)}
          </td>
          <td data-label="Took">{formatDuration(run.ended_at - run.started_at)}</td>
          <td data-label="Arrived">
            <Ago atMs={run.received_at} nowMs={nowMs} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
