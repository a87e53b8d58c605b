import type { Approval } from "../../model/approval.ts";
import { isOpen } from "../../model/approval.ts";
import { formatDuration, formatShare } from "../format.ts";
import {
  ActFields,
  Ago,
  Badge,
  Card,
  Empty,
  Fact,
  Moment,
  Owner,
  RunLink,
  Table,
  workflowPath,
} from "./parts.tsx";
import { Value } from "./value.tsx";

/** A path to an item's page. */
export function approvalPath(approvalId: string): string {
  return `/approvals/${encodeURIComponent(approvalId)}`;
}

/** Items that ask for a person, and what became of the latest others. */
export function ApprovalsPage(props: { open: Approval[]; latest: Approval[]; nowMs: number }) {
  const ended = props.latest.filter((approval) => !isOpen(approval));
  return (
    <>
      <h1>Approvals</h1>
      <HeldItems items={props.open} nowMs={props.nowMs} />
      <Card title="Decided">
        {ended.length === 0 ? (
          <Empty>Nothing has been decided yet.</Empty>
        ) : (
          <ItemTable items={ended} nowMs={props.nowMs} last="Decided by" />
        )}
      </Card>
    </>
  );
}

/** Items that ask for a person, the nearest deadline first. */
export function HeldItems({ items, nowMs }: { items: Approval[]; nowMs: number }) {
  return (
    <Card title={`Held for a person (${items.length})`} class={items.length === 0 ? "" : "alarm"}>
      {items.length === 0 ? (
        <Empty>Nothing is held.</Empty>
      ) : (
        <ItemTable items={items} nowMs={nowMs} last="Decide" />
      )}
    </Card>
  );
}

function ItemTable({ items, nowMs, last }: { items: Approval[]; nowMs: number; last: string }) {
  return (
    <Table
      label="Items"
      columns={["What would be done", "Workflow", "Why it is held", "State", "Held", last]}
    >
      {items.map((item) => (
        <tr data-row>
          <th scope="row">
            <a href={approvalPath(item.approvalId)}>{item.action}</a>
          </th>
          <td data-label="Workflow">{item.workflow}</td>
          <td data-label="Why it is held">{item.reasons.join("; ")}</td>
          <td data-label="State">
            <Badge state={item.state.replaceAll("_", " ")} />
          </td>
          <td data-label="Held">
            <Ago atMs={item.heldAtMs} nowMs={nowMs} />
          </td>
          <td data-label={last}>
            <Until item={item} nowMs={nowMs} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Until({ item, nowMs }: { item: Approval; nowMs: number }) {
  if (item.state === "held") return <>within {formatDuration(Math.max(0, item.deadlineMs - nowMs))}</>;
  if (isOpen(item)) return <>finish it by hand</>;
  return <>{item.actor}</>;
}

interface ItemProps {
  item: Approval;
  owner: string;
  nowMs: number;
  csrf: string;
  actor: string;
}

/** One item with everything that a person needs to decide, or to finish by hand. */
export function ApprovalPage(props: ItemProps) {
  const { item, owner, nowMs } = props;
  return (
    <>
      <p class="crumbs">
        <a href="/approvals">Approvals</a> · <a href={workflowPath(item.workflow)}>{item.workflow}</a>
      </p>
      <div class="title">
        <h1>{item.action}</h1>
        <Badge state={item.state.replaceAll("_", " ")} />
        <Owner owner={owner} />
      </div>
      <Standing item={item} nowMs={nowMs} />
      {isOpen(item) ? <Decide {...props} /> : null}
      <div class="columns">
        <Card title="What it would be done with">
          <Value value={item.payload} />
        </Card>
        <Card title="Why it is held">
          <ul>
            {item.reasons.map((reason) => (
              <li>{reason}</li>
            ))}
          </ul>
        </Card>
      </div>
      {item.note === "" ? null : (
        <Card title="To finish it by hand">
          <p class="text">{item.note}</p>
        </Card>
      )}
      {item.error === "" ? null : (
        <Card title="Last error">
          <pre tabindex={0}>{item.error}</pre>
        </Card>
      )}
      <div class="columns">
        {item.inputs === null ? null : (
          <Card title="Inputs">
            <Value value={item.inputs} />
          </Card>
        )}
        {item.outputs === null ? null : (
          <Card title="Outputs">
            <Value value={item.outputs} />
          </Card>
        )}
      </div>
      <Facts item={item} />
    </>
  );
}

/** Where the item stands, in one sentence. */
function Standing({ item, nowMs }: { item: Approval; nowMs: number }) {
  const { state, actor, reason, deadlineMs, decidedAtMs, actsOnTimeout } = item;
  if (state === "held") {
    const left = formatDuration(Math.max(0, deadlineMs - nowMs));
    const then = actsOnTimeout ? "Then it is done without a person." : "Then it is not done.";
    return (
      <p class="notice">
        The automation waits for you until <Moment atMs={deadlineMs} /> UTC, {left} from now. {then}
      </p>
    );
  }
  if (isOpen(item)) {
    return (
      <p class="notice bad">
        Nobody decided until <Moment atMs={deadlineMs} /> UTC. The automation went on without doing it: finish
        it by hand, or close it.
      </p>
    );
  }
  const words = {
    approved: "Approved",
    rejected: "Rejected",
    done_by_hand: "Done by hand",
    timed_out: "Done without a person, as configured, since nobody decided in time",
  };
  return (
    <p class="notice">
      {words[state]}
      {state === "timed_out" ? null : ` by ${actor}`}
      {decidedAtMs === null ? null : (
        <>
          {" "}
          <Ago atMs={decidedAtMs} nowMs={nowMs} />
        </>
      )}
      {reason === "" || state === "timed_out" ? "." : `: ${reason}`}
    </p>
  );
}

function Decide({ item, csrf, actor }: ItemProps) {
  const isHeld = item.state === "held";
  return (
    <Card title={isHeld ? "Decide" : "Close it"}>
      <form method="post" action={`${approvalPath(item.approvalId)}/decision`} class="act">
        <ActFields csrf={csrf} actor={actor} reason="optional" />
        {isHeld ? (
          <button name="decision" value="approve" class="primary">
            Approve: let it be done
          </button>
        ) : null}
        <button name="decision" value="reject" class="danger">
          {isHeld ? "Reject: do not do it" : "Not needed any more"}
        </button>
        <button name="decision" value="done_by_hand">
          {isHeld ? "I have done it by hand" : "Done by hand"}
        </button>
      </form>
    </Card>
  );
}

function Facts({ item }: { item: Approval }) {
  return (
    <dl class="facts">
      <Fact
        name="Held"
        text={
          <>
            <Moment atMs={item.heldAtMs} /> UTC
          </>
        }
      />
      {item.confidence === null ? null : <Fact name="Confidence" text={formatShare(item.confidence)} />}
      {item.runId === "" ? null : <Fact name="Run" text={<RunLink runId={item.runId} />} />}
      <div>
        <dt>Id</dt>
        <dd class="mono">{item.approvalId}</dd>
      </div>
    </dl>
  );
}
