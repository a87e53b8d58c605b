import type { CanaryCase, CanaryRound } from "../../model/canary.ts";
import { plural } from "../../model/plural.ts";
import { formatCount, formatShare } from "../format.ts";
import { ActFields, Ago, Badge, Card, Empty, Moment, Table, workflowPath } from "./parts.tsx";

interface Props {
  workflow: string;
  cases: readonly CanaryCase[];
  /** Newest first. */
  rounds: readonly CanaryRound[];
  nowMs: number;
  csrf: string;
  actor: string;
  said: string;
}

/** Frozen inputs, and what the latest rounds of answers to them said. */
export function CanaryPage({ workflow, cases, rounds, nowMs, csrf, actor, said }: Props) {
  const [latest] = rounds;
  return (
    <>
      <p class="crumbs">
        <a href={workflowPath(workflow)}>{workflow}</a>
      </p>
      <div class="title">
        <h1>Canary</h1>
        {latest === undefined ? null : <Badge state={latest.outcome} />}
        <span class="quiet">
          {formatCount(cases.length)} frozen {plural(cases.length, "input")}
        </span>
      </div>
      {said === "" ? null : <p class="notice">{said}</p>}
      {cases.length === 0 ? (
        <Card title="Frozen inputs">
          <Empty>
            None yet. Freeze some with <code>npx evenkeel canary --workflow {workflow} --freeze 20</code>,
            then answer them every day from a cron with <code>--call URL</code>, or with <code>canary()</code>{" "}
            of the SDK.
          </Empty>
        </Card>
      ) : null}
      {latest === undefined ? null : <Latest round={latest} nowMs={nowMs} />}
      <Rounds rounds={rounds} />
      {cases.length === 0 ? null : (
        <Card title="Meant to differ?">
          <p>After a deliberate change the next round can pin its answers anew.</p>
          <form method="post" action={`${workflowPath(workflow)}/canary/repin`} class="act">
            <ActFields csrf={csrf} actor={actor} reason="needed" />
            <button>Pin anew</button>
          </form>
        </Card>
      )}
    </>
  );
}

function Latest({ round, nowMs }: { round: CanaryRound; nowMs: number }) {
  return (
    <Card title="Latest round" aside={<Ago atMs={round.atMs} nowMs={nowMs} />}>
      <p>
        {formatCount(round.answers)} {plural(round.answers, "answer")}, {formatCount(round.failed)} failed
        {round.models.length === 0 ? null : (
          <>
            , by <span class="mono">{round.models.join(", ")}</span>
          </>
        )}
        {round.fingerprints.length === 0 ? null : (
          <>
            {" "}
            (fingerprint <span class="mono">{round.fingerprints.join(", ")}</span>)
          </>
        )}
      </p>
      {round.fields.length === 0 ? null : (
        <Table label="Fields" columns={["Field", "Verdict", "Differs now", "Differs usually", "Inputs"]}>
          {round.fields.map(({ field, verdict, now, usual, caseIds }) => (
            <tr data-row>
              <th scope="row" class="mono">
                {field}
              </th>
              <td data-label="Verdict">
                <Badge state={verdict} />
              </td>
              <td data-label="Differs now">{shareOf(now)}</td>
              <td data-label="Differs usually">{shareOf(usual)}</td>
              <td data-label="Inputs" class="mono">
                {caseIds.join(", ")}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

function Rounds({ rounds }: { rounds: readonly CanaryRound[] }) {
  if (rounds.length < 2) return null;
  return (
    <Card title="Rounds">
      <ol class="timeline">
        {rounds.map((round) => (
          <li>
            <Moment atMs={round.atMs} /> <Badge state={round.outcome} />{" "}
            {round.fields
              .filter(({ verdict }) => verdict === "differs")
              .map(({ field }) => field)
              .join(", ")}
          </li>
        ))}
      </ol>
    </Card>
  );
}

function shareOf({ compared, differed }: { compared: number; differed: number }): string {
  return `${formatShare(differed / Math.max(1, compared))} of ${formatCount(compared)}`;
}
