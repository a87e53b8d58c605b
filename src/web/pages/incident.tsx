import { chartsMax, type IncidentBoard, type IncidentSignal } from "../boards/incident.ts";
import { formatShare, signalNames } from "../format.ts";
import type { Incident } from "../../model/incident.ts";
import type { RunRow } from "../../model/rows.ts";
import { plural } from "../../model/plural.ts";
import { marksOf, MiniChart } from "./chart.tsx";
import { DeliveryTable } from "./deliveries.tsx";
import { ActFields, Ago, Badge, Card, Empty, Moment, Owner, Prose, RunLink, workflowPath } from "./parts.tsx";
import { JsonValue } from "./value.tsx";
import { Diff } from "./workflow.tsx";

interface Props {
  board: IncidentBoard;
  nowMs: number;
  csrf: string;
  actor: string;
}

/** The story of one incident: what, since when, why, evidence, who was told, and what to do now. */
export function IncidentPage({ board, nowMs, csrf, actor }: Props) {
  const { incident } = board;
  return (
    <>
      <p class="crumbs">
        <a href={workflowPath(incident.workflow)}>{incident.workflow}</a> <Owner owner={incident.owner} />
      </p>
      <h1>
        <Prose text={incident.title} />
      </h1>
      <Standing incident={incident} nowMs={nowMs} />
      <div class="columns">
        <CauseCard board={board} />
        <Actions board={board} csrf={csrf} actor={actor} />
      </div>
      <Card title="Evidence">
        {board.signals.map((signal) => (
          <EvidenceRow signal={signal} board={board} />
        ))}
        <ChartsLeftOut more={board.signals.length - chartsMax} />
      </Card>
      <Examples board={board} />
      <Card title="Who was told">
        {board.deliveries.length === 0 ? (
          <Empty>Nobody: no route is set up, or nothing was owed.</Empty>
        ) : (
          <DeliveryTable deliveries={board.deliveries} nowMs={nowMs} csrf={csrf} />
        )}
      </Card>
      <Card title="What was done">
        {board.audit.length === 0 ? (
          <Empty>Nothing yet.</Empty>
        ) : (
          <ul class="timeline">
            {board.audit.map((entry) => (
              <li>
                <Moment atMs={entry.atMs} /> <strong>{entry.actor}</strong> {entry.action}
                {entry.detail === "" ? null : (
                  <>
                    : <Prose text={entry.detail} />
                  </>
                )}
              </li>
            ))}
          </ul>
        )}
      </Card>
    </>
  );
}

function Standing({ incident, nowMs }: { incident: Incident; nowMs: number }) {
  return (
    <p class="meta">
      <Badge state={incident.severity} /> <Badge state={incident.state} /> began{" "}
      <Moment atMs={incident.onsetMs} /> UTC, noticed <Ago atMs={incident.openedAtMs} nowMs={nowMs} />
      {incident.snoozedUntilMs === null || incident.state !== "snoozed" ? null : (
        <>
          , snoozed until <Moment atMs={incident.snoozedUntilMs} />
        </>
      )}
      {incident.resolvedAtMs === null ? null : (
        <>
          , resolved <Ago atMs={incident.resolvedAtMs} nowMs={nowMs} />
        </>
      )}
    </p>
  );
}

function CauseCard({ board }: { board: IncidentBoard }) {
  const { cause } = board.incident;
  return (
    <Card title={`Likely cause: ${cause.layer}`}>
      {cause.reasons.length === 0 ? (
        <Empty>No cause stands out yet.</Empty>
      ) : (
        <ul>
          {cause.reasons.map((reason) => (
            <li>
              <Prose text={reason} />
            </li>
          ))}
        </ul>
      )}
      {cause.slice === null ? null : (
        <p>
          {formatShare(cause.slice.share)} of it sits in runs where{" "}
          <span class="mono">{cause.slice.attribute}</span> is <strong>{cause.slice.value}</strong> (
          {cause.slice.runs} {plural(cause.slice.runs, "run")}).
        </p>
      )}
      {cause.change === null || cause.change.diff === "" ? null : <Diff text={cause.change.diff} />}
      {cause.lastGoodVersion === "" ? null : (
        <p>
          Last known good version: <span class="mono">{cause.lastGoodVersion}</span>
        </p>
      )}
    </Card>
  );
}

function Actions({ board, csrf, actor }: Omit<Props, "nowMs">) {
  const { incident, pause } = board;
  const path = `/incidents/${encodeURIComponent(incident.incidentId)}`;
  const closed = incident.state === "resolved";
  const paused = pause.state === "paused";
  return (
    <Card title="What now">
      <p>
        <a href={`${workflowPath(incident.workflow)}#pause`}>{incident.workflow}</a> is{" "}
        <Badge state={pause.state} />
      </p>
      <form method="post" action={path} class="act">
        <input type="hidden" name="back" value={path} />
        <ActFields csrf={csrf} actor={actor} reason="optional" />
        <div class="buttons">
          {closed || incident.state === "acknowledged" ? null : (
            <button formaction={`${path}/acknowledge`} class="primary">
              Acknowledge
            </button>
          )}
          {closed ? null : <button formaction={`${path}/snooze`}>Snooze for 4 hours</button>}
          {closed ? null : <button formaction={`${path}/resolve`}>Resolve</button>}
          <button
            formaction={`${workflowPath(incident.workflow)}/${paused ? "resume" : "pause"}`}
            class="danger"
          >
            {paused ? "Resume the workflow" : "Pause the workflow"}
          </button>
        </div>
      </form>
      <p class="quiet">
        If the new behaviour is meant to be,{" "}
        <a href={`${workflowPath(incident.workflow)}#baseline`}>accept it as normal</a>.
      </p>
    </Card>
  );
}

function EvidenceRow({ signal, board }: { signal: IncidentSignal; board: IncidentBoard }) {
  const { signal: key } = signal.entry;
  const change = board.incident.cause.change;
  return (
    <div class="evidence">
      <div>
        <h3>
          <a
            href={`${workflowPath(key.workflow)}/signals/${key.kind}?field=${encodeURIComponent(key.field)}`}
          >
            {signalNames[key.kind]} <span class="mono">{key.field}</span>
          </a>
        </h3>
        <p>
          <Prose text={signal.sentence} />
        </p>
        <p class="quiet">
          Noticed <Moment atMs={signal.detectedAtMs} />
          {signal.recoveredAtMs === null ? null : (
            <>
              , recovered <Moment atMs={signal.recoveredAtMs} />
            </>
          )}
        </p>
      </div>
      {signal.series === null ? null : (
        <MiniChart
          series={signal.series}
          marks={marksOf(signal.entry, change === null ? [] : [change])}
          label={`${signalNames[key.kind]} ${key.field} around the onset`}
        />
      )}
    </div>
  );
}

function ChartsLeftOut({ more }: { more: number }) {
  if (more <= 0) return null;
  return (
    <p class="quiet">
      Charts are drawn of the first {chartsMax} signals. Of {more} more, the name opens the page with the
      chart.
    </p>
  );
}

function Examples({ board }: { board: IncidentBoard }) {
  const { incident } = board;
  if (incident.exampleRunIds.length === 0) return null;
  return (
    <div class="columns">
      <Card title="Runs that show it">
        <RunExamples runs={board.examples} ids={incident.exampleRunIds} />
      </Card>
      <Card title="Runs from before">
        <RunExamples runs={board.baselines} ids={incident.baselineRunIds} />
      </Card>
    </div>
  );
}

function RunExamples({ runs, ids }: { runs: RunRow[]; ids: readonly string[] }) {
  if (runs.length === 0) {
    return (
      <ul>
        {ids.map((runId) => (
          <li>
            <RunLink runId={runId} />
          </li>
        ))}
      </ul>
    );
  }
  return (
    <>
      {runs.map((run) => (
        <article class="example">
          <h3>
            <RunLink runId={run.run_id} />
          </h3>
          <JsonValue text={run.outputs} />
        </article>
      ))}
    </>
  );
}
