import type { Delivery } from "../../journal/port.ts";
import { Ago, Badge } from "./parts.tsx";

/** Messages with what became of them; dead ones can be sent again. */
export function DeliveryTable(props: { deliveries: Delivery[]; nowMs: number; csrf: string }) {
  return (
    <div class="scroll" role="region" aria-label="Deliveries" tabindex={0}>
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col">State</th>
            <th scope="col">Attempts</th>
            <th scope="col">Owed since</th>
            <th scope="col">Last error</th>
          </tr>
        </thead>
        <tbody>
          {props.deliveries.map((delivery) => (
            <tr>
              <th scope="row">{delivery.channel}</th>
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
        </tbody>
      </table>
    </div>
  );
}
