import type { Scorecard } from "../boards/scorecard.ts";
import type { Criterion, WindowFigure } from "../../review/scorecard.ts";
import type { Unit } from "../../model/verdict.ts";
import { plural } from "../../model/plural.ts";
import { formatCount, formatValue, signalNames } from "../format.ts";
import { Badge, Card, Empty, Fact, Moment, Table, workflowPath } from "./parts.tsx";

interface Props {
  card: Scorecard;
  csrf: string;
  said: string;
}

/** Did the pilot do what it was meant to? Pass, fail, or not enough yet, with the figures. */
export function ScorecardPage({ card, csrf, said }: Props) {
  return (
    <>
      <p class="crumbs">
        <a href={workflowPath(card.workflow)}>{card.workflow}</a>
      </p>
      <div class="title">
        <h1>Scorecard</h1>
        <Badge state={card.mark} />
      </div>
      {said === "" ? null : <p class="notice">{said}</p>}
      <Card title="Criteria">
        {card.criteria.length === 0 ? (
          <Empty>
            No criteria are written down. Add <code>scorecard</code> to the workflow in the configuration,
            before the pilot begins.
          </Empty>
        ) : (
          <Criteria card={card} />
        )}
      </Card>
      <AuditCard card={card} csrf={csrf} />
    </>
  );
}

function Criteria({ card }: { card: Scorecard }) {
  return (
    <Table label="Criteria" columns={["Criterion", "Mark", "Figures, newest first"]}>
      {card.criteria.map(({ criterion, mark, windows, unit }) => (
        <tr>
          <th scope="row">
            {describeCriterion(criterion, unit)}
            <small>
              over {criterion.windowDays} {plural(criterion.windowDays, "day")}, {criterion.runsMin}{" "}
              {plural(criterion.runsMin, "observation")} at least
              {criterion.windows === 1 ? "" : `, ${criterion.windows} times in a row`}
            </small>
          </th>
          <td data-label="Mark">
            <Badge state={mark} />
          </td>
          <td data-label="Figures">
            <ul class="plain">
              {windows.map((figure) => (
                <Window figure={figure} unit={unit} />
              ))}
            </ul>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Window({ figure, unit }: { figure: WindowFigure; unit: Unit }) {
  return (
    <li>
      <strong>{figure.value === null ? "nothing seen" : formatValue(figure.value, unit)}</strong>{" "}
      <small>
        of {formatCount(figure.runs)}, until <Moment atMs={figure.toMs} />
      </small>
    </li>
  );
}

function describeCriterion({ metric, field, atMost, atLeast }: Criterion, unit: Unit): string {
  const bounds = [
    atMost === null ? "" : `at most ${formatValue(atMost, unit)}`,
    atLeast === null ? "" : `at least ${formatValue(atLeast, unit)}`,
  ].filter((bound) => bound !== "");
  return `${signalNames[metric]}${field === "" ? "" : ` of ${field}`} ${bounds.join(" and ")}`;
}

function AuditCard({ card: { audit, workflow }, csrf }: Pick<Props, "card" | "csrf">) {
  return (
    <Card title="Failure audit" aside={audit === null ? null : <Badge state={audit.mark} />}>
      <p>A person looks at the fifty newest runs. More than one in five unusable is a fail.</p>
      {audit === null ? null : (
        <dl class="facts">
          <Fact name="Begun" text={<Moment atMs={audit.atMs} />} />
          <Fact
            name="Looked at"
            text={`${audit.usable + audit.minorEdits + audit.unusable} of ${audit.runs}`}
          />
          <Fact name="Usable" text={String(audit.usable)} />
          <Fact name="Minor edits" text={String(audit.minorEdits)} />
          <Fact name="Unusable" text={String(audit.unusable)} />
        </dl>
      )}
      <form method="post" action={`${workflowPath(workflow)}/audit`} class="act">
        <input type="hidden" name="csrf" value={csrf} />
        <button>Begin an audit of fifty runs</button>
        <a href={`/review?workflow=${encodeURIComponent(workflow)}`}>Go to the queue</a>
      </form>
    </Card>
  );
}
