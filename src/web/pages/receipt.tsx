import type { DecisionRow, OutcomeRow, ReviewRow, RunRow, StepRow } from "../../model/rows.ts";
import { plural } from "../../model/plural.ts";
import type { Receipt } from "../../store/port.ts";
import { fromJsonText, readFindings } from "../api/present.ts";
import { compareValues } from "../boards/compare-values.ts";
import { formatCount, formatDuration, formatShare, formatVersion } from "../format.ts";
import { Badge, Card, Fact, Moment, workflowPath } from "./parts.tsx";
import { JsonValue, Value } from "./value.tsx";

/** One run, from what went in to what the business saw, in order, on one page. */
export function ReceiptPage({ receipt }: { receipt: Receipt }) {
  const { run, steps, reviews, outcomes, decisions } = receipt;
  return (
    <>
      <p class="crumbs">
        <a href={workflowPath(run.workflow)}>{run.workflow}</a>
      </p>
      <div class="title">
        <h1>
          Run <span class="mono">{run.run_id}</span>
        </h1>
        <Badge state={run.status} />
        {run.mode === "live" ? null : <Badge state={run.mode} />}
      </div>
      <Facts receipt={receipt} />
      <Findings run={run} />
      <div class="columns">
        <Card title="Inputs">
          <JsonValue text={run.inputs} />
        </Card>
        <Card title="Outputs">
          <JsonValue text={run.outputs} />
        </Card>
      </div>
      {run.status !== "error" && run.error_message === "" ? null : <ErrorCard row={run} title="Error" />}
      {steps.length === 0 ? null : (
        <Card title={`Steps (${steps.length})`}>
          <ol class="steps">
            {steps.map((step) => (
              <StepItem step={step} run={run} />
            ))}
          </ol>
        </Card>
      )}
      {reviews.length === 0 ? null : (
        <Card title="Reviews">
          {reviews.map((review) => (
            <ReviewItem review={review} run={run} />
          ))}
        </Card>
      )}
      {decisions.length === 0 ? null : <Decisions decisions={decisions} />}
      {outcomes.length === 0 ? null : <Outcomes outcomes={outcomes} />}
      <Deployed receipt={receipt} />
    </>
  );
}

function Facts({ receipt: { run } }: { receipt: Receipt }) {
  const tokens = [run.input_tokens, run.output_tokens].map((count) =>
    count === null ? "–" : formatCount(count),
  );
  const facts: [string, string][] = [
    ["Took", formatDuration(run.ended_at - run.started_at)],
    ["Version", formatVersion(run.version)],
    [
      "Model",
      run.model_resolved === "" || run.model_resolved === run.model
        ? run.model
        : `${run.model} (${run.model_resolved})`,
    ],
    ["Confidence", run.confidence === null ? "" : formatShare(run.confidence)],
    ["Tokens in, out", run.input_tokens === null && run.output_tokens === null ? "" : tokens.join(", ")],
    ["Cost", run.cost_usd === null ? "" : `$${run.cost_usd}`],
    ["Retries", run.retries === 0 ? "" : String(run.retries)],
    ["Session", run.session_id],
    ["Business key", run.business_key],
    ["Trace", run.trace_id],
    ["Source", run.source],
    ...Object.entries(run.attributes),
  ];
  return (
    <dl class="facts">
      <Fact
        name="Started"
        text={
          <>
            <Moment atMs={run.started_at} /> UTC
          </>
        }
      />
      {facts
        .filter(([, text]) => text !== "")
        .map(([name, text]) => (
          <Fact name={name} text={text} />
        ))}
    </dl>
  );
}

function Findings({ run }: { run: RunRow }) {
  const findings = readFindings(run.findings);
  if (findings.length === 0) return null;
  return (
    <p class="notice bad">
      Breaks its contract: {findings.map(({ field, rule }) => `${field} (${rule})`).join(", ")}
    </p>
  );
}

function ErrorCard({ row, title }: { row: RunRow | StepRow; title: string }) {
  return (
    <Card title={title}>
      <p>
        <strong>{row.error_type}</strong> {row.error_message}
      </p>
      {row.error_stack === "" ? null : <pre tabindex={0}>{row.error_stack}</pre>}
    </Card>
  );
}

function StepItem({ step, run }: { step: StepRow; run: RunRow }) {
  const notes = [
    `starts at ${formatDuration(Math.max(0, step.started_at - run.started_at))}`,
    `took ${formatDuration(step.ended_at - step.started_at)}`,
    step.model,
    step.retries === 0 ? "" : `${step.retries} ${plural(step.retries, "retry", "retries")}`,
    step.input_tokens === null ? "" : `${step.input_tokens} ${plural(step.input_tokens, "token")} in`,
    step.output_tokens === null ? "" : `${step.output_tokens} ${plural(step.output_tokens, "token")} out`,
  ];
  return (
    <li>
      <details open={step.status === "error"}>
        <summary>
          <span class="kind">{step.kind}</span> <strong>{step.name}</strong>{" "}
          {step.status === "ok" ? null : <Badge state={step.status} />}
          <small>{notes.filter((note) => note !== "").join(" · ")}</small>
        </summary>
        <div class="columns">
          <div>
            <h3>Inputs</h3>
            <JsonValue text={step.inputs} />
          </div>
          <div>
            <h3>Outputs</h3>
            <JsonValue text={step.outputs} />
          </div>
        </div>
        {step.status === "error" || step.error_message !== "" ? <ErrorCard row={step} title="Error" /> : null}
      </details>
    </li>
  );
}

function ReviewItem({ review, run }: { review: ReviewRow; run: RunRow }) {
  const changes =
    review.verdict === "edited" ? compareValues(fromJsonText(run.outputs), fromJsonText(review.output)) : [];
  return (
    <article class="review-item">
      <p>
        <Badge state={review.verdict} /> by{" "}
        <strong>{review.reviewer === "" ? "someone" : review.reviewer}</strong>,{" "}
        <Moment atMs={review.received_at} />
        {review.duration_ms === null ? null : `, in ${formatDuration(review.duration_ms)}`}
        {review.reason === "" ? null : `: ${review.reason}`} <small>({review.chosen_by})</small>
      </p>
      {review.note === "" ? null : <p class="note">{review.note}</p>}
      {changes.length === 0 ? null : (
        <table class="changes">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Was</th>
              <th scope="col">Became</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <tr>
                <th scope="row" class="mono">
                  {change.field}
                </th>
                <td class="removed">
                  <Value value={change.before} />
                </td>
                <td class="added">
                  <Value value={change.after} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </article>
  );
}

/** What people decided on the input of a shadow run. */
function Decisions({ decisions }: { decisions: DecisionRow[] }) {
  return (
    <Card title="Decisions">
      {decisions.map((decision) => (
        <article class="review-item">
          <p>
            <strong>{decision.reviewer === "" ? "Someone" : decision.reviewer}</strong> decided{" "}
            <Moment atMs={decision.received_at} />
            {decision.differing.length === 0
              ? ", as the run did"
              : `, otherwise in ${decision.differing.join(", ")}`}
            {decision.reason === "" ? null : `: ${decision.reason}`}
          </p>
          {decision.note === "" ? null : <p class="note">{decision.note}</p>}
          <JsonValue text={decision.output} />
        </article>
      ))}
    </Card>
  );
}

function Outcomes({ outcomes }: { outcomes: OutcomeRow[] }) {
  return (
    <Card title="Outcomes">
      <dl class="facts">
        {outcomes.map((outcome) => (
          <Fact
            name={outcome.name}
            text={
              <>
                <JsonValue text={outcome.value} />{" "}
                <small>
                  <Moment atMs={outcome.received_at} />
                </small>
              </>
            }
          />
        ))}
      </dl>
    </Card>
  );
}

function Deployed({ receipt: { version } }: { receipt: Receipt }) {
  if (version === null) return null;
  const facts: [string, string][] = [
    ["Prompt", `${version.prompt_name} ${version.prompt_version}`.trim()],
    ["Model asked for", version.model],
    ["Settings", version.settings],
    ["Code revision", version.code_revision],
  ];
  return (
    <Card title="What was deployed">
      <dl class="facts">
        {facts
          .filter(([, text]) => text !== "")
          .map(([name, text]) => (
            <Fact name={name} text={text} />
          ))}
      </dl>
      {version.prompt === "" ? null : (
        <details>
          <summary>Prompt text</summary>
          <pre tabindex={0}>{version.prompt}</pre>
        </details>
      )}
    </Card>
  );
}
