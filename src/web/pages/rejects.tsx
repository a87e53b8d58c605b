import type { RejectRow } from "../../model/rows.ts";
import type { ShownDelivery } from "../boards/deliveries.ts";
import { DeliveryTable } from "./deliveries.tsx";
import { Ago, Card, Empty, Table } from "./parts.tsx";

interface Props {
  /** Null while ClickHouse is away. */
  rejects: RejectRow[] | null;
  dead: ShownDelivery[];
  nowMs: number;
  csrf: string;
  said: string;
}

/** What could not be read as a run, and what could not be delivered. */
export function RejectsPage({ rejects, dead, nowMs, csrf, said }: Props) {
  return (
    <>
      <h1>Rejects and dead letters</h1>
      {said === "" ? null : <p class="notice">{said}</p>}
      <Card title="Could not be read as a run">
        {rejects === null ? <Empty>ClickHouse cannot be reached.</Empty> : null}
        {rejects?.length === 0 ? <Empty>Everything that arrived could be read.</Empty> : null}
        {rejects === null || rejects.length === 0 ? null : (
          <RejectTable rejects={rejects} nowMs={nowMs} csrf={csrf} />
        )}
      </Card>
      <Card title="Could not be delivered">
        {dead.length === 0 ? (
          <Empty>Every message was delivered or is still being tried.</Empty>
        ) : (
          <DeliveryTable deliveries={dead} nowMs={nowMs} csrf={csrf} />
        )}
      </Card>
    </>
  );
}

function RejectTable({ rejects, nowMs, csrf }: { rejects: RejectRow[]; nowMs: number; csrf: string }) {
  return (
    <Table label="Rejects" columns={["Why", "From", "Arrived", "Bytes", "Replay"]}>
      {rejects.map((reject) => (
        <tr data-row>
          <th scope="row">
            {reject.reason}
            <details>
              <summary>Beginning of the body</summary>
              <pre tabindex={0}>{Buffer.from(reject.body.slice(0, 4000), "base64").toString("utf8")}</pre>
            </details>
          </th>
          <td data-label="From">
            {reject.source} <small>{reject.content_type}</small>
          </td>
          <td data-label="Arrived">
            <Ago atMs={reject.received_at} nowMs={nowMs} />
          </td>
          <td data-label="Bytes">{Buffer.byteLength(reject.body, "base64")}</td>
          <td data-label="Replay">
            <form method="post" action={`/rejects/${encodeURIComponent(reject.reject_id)}/replay`}>
              <input type="hidden" name="csrf" value={csrf} />
              <button>Replay</button>
            </form>
          </td>
        </tr>
      ))}
    </Table>
  );
}
