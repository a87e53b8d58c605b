import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Order } from "./worker.ts";

/**
 * Does pieces of work in child processes of low priority, as many at a time as there are workers.
 *
 * @param limits.untilMs Reading of `performance.now` after which no more work begins.
 * @param done Called in this process as each piece is done, in any order.
 * @throws {Error} If a worker ends before its work does.
 */
export async function runOrders(
  orders: readonly Order[],
  { workers, untilMs }: { workers: number; untilMs: number },
  done: (order: Order, result: unknown) => void,
): Promise<void> {
  const waiting = [...orders];
  const work = async (): Promise<void> => {
    const child = fork(fileURLToPath(new URL("./worker.ts", import.meta.url)), { serialization: "json" });
    try {
      for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
        if (performance.now() >= untilMs) return;
        done(order, await resultOf(child, order));
      }
    } finally {
      if (child.connected) child.disconnect();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, orders.length) }, work));
}

async function resultOf(child: ChildProcess, order: Order): Promise<unknown> {
  const ended = new AbortController();
  const exit = once(child, "exit", { signal: ended.signal }).then(() => {
    throw new Error(`Cannot finish section '${order.section}': its worker ended before its work did`);
  });
  const answer = once(child, "message", { signal: ended.signal });
  child.send(order);
  try {
    const [message] = (await Promise.race([answer, exit])) as [{ result: unknown }];
    return message.result;
  } finally {
    exit.catch(() => undefined);
    answer.catch(() => undefined);
    ended.abort();
  }
}
