import type { Delivery } from "../../journal/port.ts";
import type { WebDeps } from "../ports.ts";

/** A message as pages show it: with the route that it takes. */
export type ShownDelivery = Delivery & { route: string };

/** Adds the routes. */
export function withRoutes({ routeName }: WebDeps, deliveries: readonly Delivery[]): ShownDelivery[] {
  return deliveries.map((delivery) => ({ ...delivery, route: routeName(delivery) }));
}
