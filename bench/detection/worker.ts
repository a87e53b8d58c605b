import { getPriority, setPriority } from "node:os";
import { sections } from "./sections.ts";

/** What a worker is asked: one piece of work of one section. */
export interface Order {
  section: string;
  unit: unknown;
}

if (getPriority() < 10) setPriority(10);
process.on("message", (order: Order) => {
  const section = sections.find(({ name }) => name === order.section);
  void Promise.resolve(section?.run(order.unit)).then((result) => process.send?.({ result }));
});
process.on("disconnect", () => process.exit());
