import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A port's queue of connections that it has not taken yet holds 511: more at once would wait for minutes. */
const atOnce = 200;

/** Opens connections that say nothing. */
export async function crowd(port: number, connections: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < connections) {
    const few = Array.from({ length: Math.min(atOnce, connections - sockets.length) }, () =>
      connect(port, "127.0.0.1"),
    );
    for (const socket of few) socket.on("error", () => undefined);
    await Promise.all(few.map((socket) => once(socket, "connect")));
    sockets.push(...few);
  }
  return sockets;
}
