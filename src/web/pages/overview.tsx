import { formatCount, formatInterval, formatShare, formatValue, signalNames } from "../format.ts";
import type { OverviewRow, SignalFigure } from "../boards/overview.ts";
import { Ago, Badge, Card, Empty, Owner, Prose, Table, workflowPath } from "./parts.tsx";
import { Spark } from "./spark.tsx";
import { plural } from "../../model/plural.ts";

/** Every workflow on one page, those that need someone first. */
export function Overview({ rows, nowMs }: { rows: OverviewRow[]; nowMs: number }) {
  const incidents = rows.flatMap((row) => row.openIncidents).sort((a, b) => b.openedAtMs - a.openedAtMs);
  return (
    <>
      <h1>Overview</h1>
      <Summary rows={rows} />
      {incidents.length === 0 ? null : (
        <Card title="Needs someone" class="alarm">
          <ul class="incidents">
            {incidents.slice(0, 8).map((incident) => (
              <li>
                <a href={`/incidents/${encodeURIComponent(incident.incidentId)}`}>
                  <Prose text={incident.title} />
                </a>
                <span class="meta">
                  <Badge state={incident.severity} />
                  <Badge state={incident.state} /> {incident.workflow} · since{" "}
                  <Ago atMs={incident.onsetMs} nowMs={nowMs} />
                </span>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <Card title="Workflows">
        {rows.length === 0 ? <FirstSteps /> : <WorkflowTable rows={rows} nowMs={nowMs} />}
      </Card>
    </>
  );
}

function Summary({ rows }: { rows: OverviewRow[] }) {
  const count = (state: OverviewRow["state"]) => rows.filter((row) => row.state === state).length;
  const unowned = rows.filter((row) => row.info.owner === "").length;
  return (
    <ul class="tiles">
      <Tile value={count("running")} label="running" tone="good" />
      <Tile value={count("warned")} label="warned" tone={count("warned") > 0 ? "warn" : "quiet"} />
      <Tile value={count("paused")} label="paused" tone={count("paused") > 0 ? "bad" : "quiet"} />
      <Tile value={unowned} label="without an owner" tone={unowned > 0 ? "bad" : "quiet"} />
    </ul>
  );
}

function Tile({ value, label, tone }: { value: number; label: string; tone: string }) {
  return (
    <li class={`tile ${tone}`}>
      <strong>{value}</strong> {label}
    </li>
  );
}

function WorkflowTable({ rows, nowMs }: { rows: OverviewRow[]; nowMs: number }) {
  return (
    <>
      {rows.length < 8 ? null : (
        <label class="filter">
          Filter
          <input type="search" data-filter="workflows" placeholder="Name, owner or state" />
        </label>
      )}
      <Table
        label="Workflows"
        id="workflows"
        columns={[
          "Workflow",
          "State",
          "Runs per hour",
          "Overrides",
          "Most often empty",
          "Errors",
          "Last change",
        ]}
      >
        {rows.map((row) => (
          <WorkflowLine row={row} nowMs={nowMs} />
        ))}
      </Table>
    </>
  );
}

function WorkflowLine({ row, nowMs }: { row: OverviewRow; nowMs: number }) {
  const { info, lastChange } = row;
  return (
    <tr data-row>
      <th scope="row">
        <a href={workflowPath(info.workflow)}>{info.workflow}</a>
        <Owner owner={info.owner} />
      </th>
      <td data-label="State">
        <Badge state={row.state} />
        <small>{stateNote(row)}</small>
      </td>
      <td data-label="Runs per hour">
        {row.runsByHour === null || row.runsPerHour === null ? (
          "not known"
        ) : (
          <span class="with-spark">
            <Spark
              values={row.runsByHour}
              label={`${formatCount(row.runsPerHour)} ${plural(Math.round(row.runsPerHour), "run")} an hour over 24 hours`}
            />
            <strong>
              {row.runsPerHour < 10 ? row.runsPerHour.toFixed(1) : formatCount(row.runsPerHour)}
            </strong>
          </span>
        )}
      </td>
      <td data-label="Overrides">
        <Rate figure={row.override} workflow={info.workflow} none="no reviews" />
      </td>
      <td data-label="Most often empty">
        <Rate figure={row.emptiest} workflow={info.workflow} none={row.learning ? "learning" : "none"} />
      </td>
      <td data-label="Errors">
        <Rate figure={row.errors} workflow={info.workflow} none="learning" />
      </td>
      <td data-label="Last change">
        {lastChange === null ? (
          <span class="quiet">none seen</span>
        ) : (
          <>
            {lastChange.what.replace("_", " ")} <Ago atMs={lastChange.atMs} nowMs={nowMs} />
          </>
        )}
      </td>
    </tr>
  );
}

function stateNote(row: OverviewRow): string {
  if (row.openIncidents.length > 0) {
    return `${row.openIncidents.length} open ${plural(row.openIncidents.length, "incident")}`;
  }
  if (row.learning) return "learning its baseline";
  return row.drifting > 0 ? `${row.drifting} drifting` : "steady";
}

function Rate({ figure, workflow, none }: { figure: SignalFigure | null; workflow: string; none: string }) {
  if (figure === null) return <span class="quiet">{none}</span>;
  const href = `${workflowPath(workflow)}/signals/${figure.kind}?field=${encodeURIComponent(figure.field)}`;
  return (
    <a class={figure.drifts ? "rate drifts" : "rate"} href={href}>
      <strong>
        {figure.unit === "share"
          ? formatShare(figure.figure.value)
          : formatValue(figure.figure.value, figure.unit)}
      </strong>
      <small>
        {figure.field === "" ? formatInterval(figure.figure, figure.unit) : figure.field}
        {figure.drifts ? <span class="visually-hidden"> {signalNames[figure.kind]} drifts</span> : null}
      </small>
    </a>
  );
}

/** What a newcomer sees before the first run. */
function FirstSteps() {
  return (
    <div class="first">
      <Empty>No run has arrived yet. Send the first one:</Empty>
      <pre tabindex={0}>{`curl http://localhost:4318/v1/runs -H 'Content-Type: application/json' \\
  -d '{"workflow":"hello","inputs":{"text":"hi"},"outputs":{"category":"greeting"}}'`}</pre>
      <p>
        Or wrap your function with <code>observe</code> from <code>@evenkeel/sdk</code>, or point an
        OpenTelemetry exporter at this address.
      </p>
    </div>
  );
}
