import type { JudgedField } from "../../review/readiness.ts";
import { fromJsonText } from "../api/present.ts";
import type { ShadowBoard } from "../boards/shadow.ts";
import { formatCount, formatShare, formatVersion } from "../format.ts";
import {
  Badge,
  Card,
  Empty,
  Fact,
  FigureText,
  Moment,
  Prose,
  RunLink,
  Table,
  workflowPath,
} from "./parts.tsx";
import { plural } from "../../model/plural.ts";

/** A workflow in shadow mode: is it ready to be switched on, and if not, why? */
export function ShadowPage({ board }: { board: ShadowBoard }) {
  const { workflow, readiness, runs, version, windowDays } = board;
  return (
    <>
      <p class="crumbs">
        <a href={workflowPath(workflow)}>{workflow}</a>
      </p>
      <div class="title">
        <h1>Ready to switch on?</h1>
        <Badge state={readiness.mark} />
      </div>
      <p class={`notice ${readiness.mark === "fail" ? "bad" : ""}`}>
        <Prose text={readiness.says} />
      </p>
      <dl class="facts">
        <Fact name="Version" text={formatVersion(version)} />
        <Fact
          name="Decisions"
          text={`${formatCount(readiness.decisions.seen)} of ${formatCount(readiness.decisions.needed)}`}
        />
        <Fact
          name="Shadow runs"
          text={`${formatCount(runs.runs)} in ${windowDays} ${plural(windowDays, "day")}`}
        />
        <Fact name="Not decided yet" text={formatCount(runs.undecided)} />
        <Fact name="Failed runs" text={formatCount(runs.failed)} />
      </dl>
      <Fields fields={readiness.fields} />
      <Reasons board={board} />
      <Disagreements board={board} />
      <Earlier board={board} />
    </>
  );
}

function Fields({ fields }: { fields: readonly JudgedField[] }) {
  if (fields.length === 0) {
    return (
      <Card title="Agreement by field">
        <Empty>
          Nobody has decided on a run of this version yet. Send runs with <code>mode: "shadow"</code>, and
          what people decide to <code>POST /v1/decisions</code>.
        </Empty>
      </Card>
    );
  }
  return (
    <Card title="Agreement by field">
      <Table label="Agreement by field" columns={["Field", "Agreement", "Target", "Decisions", "Mark"]}>
        {fields.map(({ field, agreement, target, mark }) => (
          <tr data-row>
            <th scope="row" class="mono">
              {field}
            </th>
            <td data-label="Agreement">
              <FigureText figure={agreement} unit="share" />
            </td>
            <td data-label="Target">{formatShare(target)}</td>
            <td data-label="Decisions">{formatCount(agreement.runs)}</td>
            <td data-label="Mark">
              <Badge state={mark} />
            </td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

function Reasons({ board: { reasons } }: { board: ShadowBoard }) {
  const given = reasons.filter(({ reason }) => reason !== "");
  if (given.length === 0) return null;
  return (
    <Card title="Why people decided otherwise">
      <ul class="plain">
        {given.map(({ reason, decisions }) => (
          <li>
            <strong>{formatCount(decisions)}</strong> {reason}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Disagreements({ board: { disagreements } }: { board: ShadowBoard }) {
  if (disagreements.length === 0) return null;
  return (
    <Card title="Latest disagreements">
      <Table
        label="Latest disagreements"
        columns={["Run", "When", "Differs in", "The person", "The workflow", "Why"]}
      >
        {disagreements.map((row) => (
          <tr data-row>
            <th scope="row">
              <RunLink runId={row.run_id} />
            </th>
            <td data-label="When">
              <Moment atMs={row.received_at} />
            </td>
            <td data-label="Differs in" class="mono">
              {row.differing.join(", ")}
            </td>
            <td data-label="The person">{shorten(row.output)}</td>
            <td data-label="The workflow">{shorten(row.run_outputs)}</td>
            <td data-label="Why">
              {row.reason} {row.note === "" ? null : <small>{row.note}</small>}
            </td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

function Earlier({ board: { earlier } }: { board: ShadowBoard }) {
  if (earlier.length === 0) return null;
  return (
    <Card title="Earlier versions">
      <ul class="plain">
        {earlier.map(({ version, agreed, differed }) => (
          <li>
            <span class="mono">{formatVersion(version)}</span>: whole output agreed in{" "}
            {formatShare(agreed / Math.max(1, agreed + differed))} of {formatCount(agreed + differed)}
          </li>
        ))}
      </ul>
    </Card>
  );
}

const shownMax = 200;

function shorten(jsonText: string) {
  const text = JSON.stringify(fromJsonText(jsonText));
  return <code>{text.length > shownMax ? `${text.slice(0, shownMax)}…` : text}</code>;
}
