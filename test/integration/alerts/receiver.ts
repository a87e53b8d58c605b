import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that a receiver was sent. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A local HTTP server that keeps what it is sent and answers as it is told. */
export interface Receiver {
  url: string;
  requests: Received[];
  /** Resolves once at least `count` requests have come in. */
  received(count: number): Promise<Received[]>;
  close(): Promise<void>;
}

/** Starts a receiver on a free port. `answer` gets the request and its number, from 1. */
export async function startReceiver(
  answer: (request: Received, n: number) => Answer | Promise<Answer> = () => ({ status: 200, body: "ok" }),
): Promise<Receiver> {
  const requests: Received[] = [];
  let waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const received = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      requests.push(received);
      void Promise.resolve(answer(received, requests.length)).then(({ status, headers = {}, body = "" }) => {
        response.writeHead(status, headers).end(body);
        for (const wake of waiting) wake();
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async received(count) {
      while (requests.length < count) await new Promise<void>((resolve) => (waiting = [...waiting, resolve]));
      return requests;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
