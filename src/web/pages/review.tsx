import type { Approval } from "../../model/approval.ts";
import type { Json } from "../../model/json.ts";
import type { QueuedRun } from "../../journal/port.ts";
import type { Claim } from "../../review/desk.ts";
import { listFields } from "../../review/edit.ts";
import { reviewReasons } from "../../review/reasons.ts";
import { fromJsonText, readFindings } from "../api/present.ts";
import { formatShare } from "../format.ts";
import { HeldItems } from "./approvals.tsx";
import { Badge, Card, Empty, Moment, RunLink, workflowPath } from "./parts.tsx";
import { JsonValue } from "./value.tsx";

interface Props {
  claim: Claim | null;
  reviewer: string;
  /** "" for every workflow. */
  workflow: string;
  waiting: { workflow: string; runs: number }[];
  answeredToday: number;
  /** Items that wait for a person before the act. */
  held: Approval[];
  nowMs: number;
  /** The answer that can still be taken back. */
  undoable: QueuedRun | null;
  csrf: string;
}

/** The queue: one run at a time, answered by key in seconds. */
export function ReviewPage(props: Props) {
  const { claim, waiting, answeredToday } = props;
  const left = waiting.reduce((sum, { runs }) => sum + runs, 0);
  return (
    <>
      <div class="title">
        <h1>Review</h1>
        <span class="quiet" data-progress>
          {answeredToday} of {answeredToday + left} today
        </span>
        <progress
          max={Math.max(1, answeredToday + left)}
          value={answeredToday}
          aria-label="Reviewed today"
        ></progress>
        {props.undoable === null ? null : <UndoForm {...props} run={props.undoable} />}
      </div>
      {props.held.length === 0 ? null : <HeldItems items={props.held} nowMs={props.nowMs} />}
      {waiting.length < 2 ? null : <Queues {...props} />}
      {claim === null ? (
        <Card title="Nothing waits">
          <Empty>
            The queue is empty. Runs are chosen at random, and where one asks for eyes: low confidence, a
            broken contract, an incident.
          </Empty>
        </Card>
      ) : (
        <Task claim={claim} csrf={props.csrf} workflow={props.workflow} />
      )}
    </>
  );
}

function Queues({ waiting, workflow }: Props) {
  return (
    <nav class="ranges" aria-label="Queue">
      <a href="/review" aria-current={workflow === "" ? "true" : undefined}>
        all
      </a>
      {waiting.map((queue) => (
        <a
          href={`/review?workflow=${encodeURIComponent(queue.workflow)}`}
          aria-current={workflow === queue.workflow ? "true" : undefined}
        >
          {queue.workflow} ({queue.runs})
        </a>
      ))}
    </nav>
  );
}

function UndoForm({ run, csrf, workflow }: Props & { run: QueuedRun }) {
  return (
    <form method="post" action="/review/undo" data-key="u">
      <input type="hidden" name="csrf" value={csrf} />
      <input type="hidden" name="workflow" value={workflow} />
      <button>
        Undo <span class="mono">{run.runId}</span> <kbd>u</kbd>
      </button>
    </form>
  );
}

function Task({ claim, csrf, workflow }: { claim: Claim; csrf: string; workflow: string }) {
  const { run, receipt } = claim;
  return (
    <form method="post" action={`/review/${encodeURIComponent(run.runId)}`} class="task" id="task">
      <input type="hidden" name="csrf" value={csrf} />
      <input type="hidden" name="workflow" value={workflow} />
      <About claim={claim} />
      <div class="columns">
        <Card title="Inputs">
          <JsonValue text={receipt.run.inputs} />
        </Card>
        <Card title="Output">
          <JsonValue text={receipt.run.outputs} />
          <EditFields output={fromJsonText(receipt.run.outputs) as Json} />
        </Card>
      </div>
      <fieldset class="reasons">
        <legend>Reason, where something was wrong</legend>
        {reviewReasons.map((reason, index) => (
          <label>
            <input type="radio" name="reason" value={reason} /> <kbd>{index + 1}</kbd> {reason}
          </label>
        ))}
      </fieldset>
      <label class="note">
        <span>
          Note <kbd>n</kbd>
        </span>
        <input name="note" id="note" maxlength={2000} autocomplete="off" />
      </label>
      <div class="verdicts">
        <VerdictButton verdict="approved" letter="a" class="primary" label="Approve" />
        <VerdictButton verdict="edited" letter="s" class="" label="Save the edit" />
        <VerdictButton verdict="rejected" letter="r" class="danger" label="Reject" />
        <VerdictButton verdict="skip" letter="k" class="link" label="Skip" />
      </div>
    </form>
  );
}

function About({ claim: { run, receipt } }: { claim: Claim }) {
  const findings = readFindings(receipt.run.findings);
  const { confidence } = receipt.run;
  return (
    <p class="meta">
      <a href={workflowPath(run.workflow)}>{run.workflow}</a> · <RunLink runId={run.runId} /> ·{" "}
      <Moment atMs={run.receivedAtMs} /> · chosen: {run.why}
      {confidence === null ? null : ` · confidence ${formatShare(confidence)}`}
      {findings.length === 0 ? null : (
        <>
          {" "}
          <Badge state="warning" /> {findings.map(({ field, rule }) => `${field} (${rule})`).join(", ")}
        </>
      )}
    </p>
  );
}

function EditFields({ output }: { output: Json }) {
  return (
    <details id="edit">
      <summary>
        Edit field by field <kbd>e</kbd>
      </summary>
      {listFields(output).map(({ pointer, label, value }) => (
        <label>
          <span class="mono">{label === "" ? "output" : label}</span>
          <textarea name={`field:${pointer}`} rows={typeof value === "string" && value.length > 60 ? 4 : 1}>
            {value === null ? "" : String(value)}
          </textarea>
        </label>
      ))}
    </details>
  );
}

function VerdictButton(props: { verdict: string; letter: string; class: string; label: string }) {
  return (
    <button name="verdict" value={props.verdict} class={props.class} data-key={props.letter}>
      {props.label} <kbd>{props.letter}</kbd>
    </button>
  );
}

/** Asks for a name once, so that reviews and claims carry one. */
export function NamePage({ csrf }: { csrf: string }) {
  return (
    <>
      <h1>Review</h1>
      <Card title="Who reviews?">
        <form method="post" action="/review/name" class="act">
          <input type="hidden" name="csrf" value={csrf} />
          <label>
            Your name
            <input name="actor" required maxlength={200} autocomplete="name" autofocus />
          </label>
          <button class="primary">Begin</button>
        </form>
      </Card>
    </>
  );
}
