import { type RangeName, ranges, type SignalRow, type WorkflowBoard } from "../boards/workflow.ts";
import { formatCount, formatShare, formatVersion } from "../format.ts";
import { DataMapCard } from "./data-map.tsx";
import { Ago, Badge, Card, Empty, Moment, Owner, Prose, Table, workflowPath } from "./parts.tsx";
import { SignalGroup, SignalTable } from "./signal-table.tsx";
import { RolloutCard } from "./versions.tsx";
import { WorkflowActions } from "./workflow-actions.tsx";

interface Props {
  board: WorkflowBoard;
  nowMs: number;
  csrf: string;
  actor: string;
  /** What was just done, "" for nothing. */
  said: string;
}

/** One workflow: its state, incidents, signals, versions and what a person can do. */
export function WorkflowPage({ board, nowMs, csrf, actor, said }: Props) {
  const { info, pause, signals } = board;
  const drifting = signals.filter(({ entry }) => entry.verdict.kind === "drift");
  const state = pause.state === "paused" ? "paused" : board.openIncidents.length > 0 ? "warned" : "running";
  return (
    <>
      <div class="title">
        <h1>{info.workflow}</h1>
        <Badge state={state} />
        <Owner owner={info.owner} />
        <span class="quiet">
          {info.lastRunAtMs === null ? (
            "no runs yet"
          ) : (
            <>
              last run <Ago atMs={info.lastRunAtMs} nowMs={nowMs} />
            </>
          )}
        </span>
        <a href={`/runs?workflow=${encodeURIComponent(info.workflow)}`}>Runs</a>
        <a href={`${workflowPath(info.workflow)}/scorecard`}>Scorecard</a>
        <a href={`${workflowPath(info.workflow)}/versions`}>Versions</a>
        <a href={`${workflowPath(info.workflow)}/outcomes`}>Outcomes</a>
        <a href={`${workflowPath(info.workflow)}/shadow`}>Shadow</a>
        <a href={`${workflowPath(info.workflow)}/canary`}>Canary</a>
        <a href={`${workflowPath(info.workflow)}/report`}>Report</a>
      </div>
      {said === "" ? null : (
        <p class="notice" role="status">
          {said}
        </p>
      )}
      {pause.state === "paused" ? (
        <p class="notice bad">
          Paused by {pause.actor} <Ago atMs={pause.sinceMs} nowMs={nowMs} />: <Prose text={pause.reason} />
        </p>
      ) : null}
      <IncidentList board={board} nowMs={nowMs} />
      {board.rollout === null ? null : <RolloutCard rollout={board.rollout} />}
      <WorkflowActions board={board} csrf={csrf} actor={actor} nowMs={nowMs} />
      <Ranges path={workflowPath(info.workflow)} current={board.range} />
      {drifting.length === 0 ? null : (
        <Card title={`Drifting (${drifting.length})`}>
          <SignalTable title="Drifting" rows={drifting} board={board} />
        </Card>
      )}
      <Groups board={board} />
      <Versions board={board} nowMs={nowMs} />
      <Changes board={board} />
      <DataMapCard board={board} />
    </>
  );
}

/** Links that choose how far back a page looks. */
export function Ranges({ path, current }: { path: string; current: RangeName }) {
  const join = path.includes("?") ? "&" : "?";
  return (
    <nav class="ranges" aria-label="Time range">
      {Object.keys(ranges).map((range) => (
        <a href={`${path}${join}range=${range}`} aria-current={range === current ? "true" : undefined}>
          {range}
        </a>
      ))}
    </nav>
  );
}

function IncidentList({ board, nowMs }: { board: WorkflowBoard; nowMs: number }) {
  if (board.openIncidents.length === 0) return null;
  return (
    <Card title="Open incidents" class="alarm">
      <ul class="incidents">
        {board.openIncidents.map((incident) => (
          <li>
            <a href={`/incidents/${encodeURIComponent(incident.incidentId)}`}>
              <Prose text={incident.title} />
            </a>
            <span class="meta">
              <Badge state={incident.severity} /> <Badge state={incident.state} /> since{" "}
              <Ago atMs={incident.onsetMs} nowMs={nowMs} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Groups({ board }: { board: WorkflowBoard }) {
  const steady = board.signals.filter(({ entry }) => entry.verdict.kind !== "drift");
  const place = ({ entry }: SignalRow) => entry.signal.field.split(/[.[]/)[0] ?? "";
  const groups: [string, SignalRow[]][] = [
    ["Whole runs and steps", steady.filter((row) => place(row) !== "input" && place(row) !== "output")],
    ["Outputs", steady.filter((row) => place(row) === "output")],
    ["Inputs", steady.filter((row) => place(row) === "input")],
  ];
  if (board.signals.length === 0) {
    return (
      <Card title="Signals">
        <Empty>No signal has been judged yet. Signals appear once enough runs have arrived.</Empty>
      </Card>
    );
  }
  return (
    <>
      {groups.map(([title, rows]) =>
        rows.length === 0 ? null : <SignalGroup {...{ title, rows, board }} />,
      )}
    </>
  );
}

function Versions({ board, nowMs }: { board: WorkflowBoard; nowMs: number }) {
  if (board.versions.length === 0) return null;
  const share = (part: number, whole: number) => (whole === 0 ? "–" : formatShare(part / whole));
  return (
    <Card title="Versions">
      <Table
        label="Versions"
        columns={["Version", "First seen", "Last seen", "Runs", "Errors", "Empty values", "Overrides"]}
      >
        {board.versions.map((version) => (
          <tr data-row>
            <th scope="row" class="mono">
              <a
                href={`/runs?workflow=${encodeURIComponent(board.info.workflow)}&version=${encodeURIComponent(version.version)}`}
              >
                {formatVersion(version.version)}
              </a>
            </th>
            <td data-label="First seen">
              <Moment atMs={version.firstMs} />
            </td>
            <td data-label="Last seen">
              <Ago atMs={version.lastMs} nowMs={nowMs} />
            </td>
            <td data-label="Runs">{formatCount(version.runs)}</td>
            <td data-label="Errors">{share(version.errors, version.runs)}</td>
            <td data-label="Empty values">{share(version.empty, version.values)}</td>
            <td data-label="Overrides">{share(version.overridden, version.reviewed)}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

function Changes({ board }: { board: WorkflowBoard }) {
  if (board.changes.length === 0) return null;
  return (
    <Card title="Change events">
      <ol class="timeline">
        {board.changes.map((change) => (
          <li>
            <Moment atMs={change.atMs} /> <strong>{change.what.replace("_", " ")}</strong>{" "}
            <span class="mono">{change.before === "" ? "(none)" : change.before}</span> to{" "}
            <span class="mono">{change.after === "" ? "(none)" : change.after}</span>
            {change.diff === "" ? null : (
              <details>
                <summary>Prompt diff</summary>
                <Diff text={change.diff} />
              </details>
            )}
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** Lines that start with "- " and "+ ", told apart by tone and sign. */
export function Diff({ text }: { text: string }) {
  return (
    <pre class="diff" tabindex={0}>
      {text.split("\n").map((line) => (
        <span
          class={line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : ""}
        >{`${line}\n`}</span>
      ))}
    </pre>
  );
}
