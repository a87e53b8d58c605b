import type { ShownDelivery } from "../boards/deliveries.ts";
import { Ago, Badge, Table } from "./parts.tsx";

/** Messages with what became of them; dead ones can be sent again. */
export function DeliveryTable(props: { deliveries: ShownDelivery[]; nowMs: number; csrf: string }) {
  return (
    <Table label="Deliveries" columns={["Route", "State", "Attempts", "Owed since", "Last error"]}>
      {props.deliveries.map((delivery) => (
        <tr>
          <th scope="row">{delivery.route}</th>
          <td data-label="State">
            <Badge state={delivery.state} />
          </td>
          <td data-label="Attempts">{delivery.attempts}</td>
          <td data-label="Owed since">
            <Ago atMs={delivery.createdAtMs} nowMs={props.nowMs} />
          </td>
          <td data-label="Last error">
            {delivery.lastError === "" ? "none" : delivery.lastError}
            {delivery.state !== "dead" ? null : (
              <form method="post" action="/deliveries/retry">
                <input type="hidden" name="csrf" value={props.csrf} />
                <input type="hidden" name="key" value={delivery.key} />
                <button>Send again</button>
              </form>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}
