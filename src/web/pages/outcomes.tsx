import type { CohortFigure, OutcomeLine, OutcomesBoard, SignalLine } from "../boards/outcomes.ts";
import { formatCount, formatDuration, formatInterval, formatValue, signalNames } from "../format.ts";
import { dayMs } from "../../model/clock.ts";
import { Card, Empty, Table, workflowPath } from "./parts.tsx";

/** What came of the runs, beside the technical signals of the same weeks. */
export function OutcomesPage({ board }: { board: OutcomesBoard }) {
  const { workflow, outcomes, signals, startsMs, stepMs } = board;
  return (
    <>
      <p class="crumbs">
        <a href={workflowPath(workflow)}>{workflow}</a>
      </p>
      <h1>Outcomes</h1>
      <p>
        Runs of {formatDuration(stepMs)} each, by their arrival. An outcome counts where its run does,
        whenever it came.
      </p>
      {outcomes.length === 0 ? (
        <Card title="Outcomes">
          <Empty>
            None yet. Send what later happened to <code>POST /v1/outcomes</code>, by the run's id or by the
            key that it was given.
          </Empty>
        </Card>
      ) : (
        <Card title="Outcomes and signals">
          <Table
            label="Outcomes and signals"
            class=""
            columns={["Runs of", ...startsMs.map((startMs) => dayOf(startMs))]}
          >
            {outcomes.map((line) => (
              <Outcome line={line} />
            ))}
            {signals.map((line) => (
              <Signal line={line} />
            ))}
          </Table>
        </Card>
      )}
    </>
  );
}

function Outcome({ line }: { line: OutcomeLine }) {
  const { name, of, unit, knownAfterDays, cohorts } = line;
  const after = formatDuration(Math.max(1, Math.round(knownAfterDays)) * dayMs);
  return (
    <tr>
      <th scope="row">
        {name}
        <small>
          {unit === "number" ? "mean" : of === "runs" ? "of all runs" : "of those known"}; 9 of 10 known after{" "}
          {after}
        </small>
      </th>
      {cohorts.map((cohort) => (
        <td>
          <Cohort cohort={cohort} unit={unit} />
        </td>
      ))}
    </tr>
  );
}

function Cohort({ cohort, unit }: { cohort: CohortFigure; unit: OutcomeLine["unit"] }) {
  if (cohort.value === null) return <>–</>;
  return (
    <span class="figure">
      <strong>{formatValue(cohort.value, unit)}</strong>
      <small>{formatInterval(cohort, unit)}</small>
      <small>
        {formatCount(cohort.known)} known of {formatCount(cohort.runs)}
        {cohort.isOpen ? ", still coming in" : ""}
      </small>
    </span>
  );
}

function Signal({ line }: { line: SignalLine }) {
  return (
    <tr>
      <th scope="row">{signalNames[line.kind]}</th>
      {line.values.map((value) => (
        <td>{value === null ? "–" : formatValue(value, line.unit)}</td>
      ))}
    </tr>
  );
}

function dayOf(ms: number): string {
  return new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}
