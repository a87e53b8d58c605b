import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/**
 * What stands between the sidecar and its ClickHouse: `away` cuts connections, `failing` answers with an error of the
 * server's, `slow` holds answers back, `deaf` passes requests on and loses the answers.
 */
export type Fault = "none" | "away" | "failing" | "slow" | "deaf";

/** A proxy in front of an HTTP server, with faults that can be switched. */
export interface FaultyProxy {
  url: string;
  fault: Fault;
  /** Requests that met a fault. */
  faults: number;
  close(): Promise<void>;
}

/** How long a slow server thinks. */
const slowMs = 3_000;
/** MEMORY_LIMIT_EXCEEDED */
const errorCode = "241";

/** Starts a proxy on a free port. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const server = createServer((request, response) => {
    const { fault } = proxy;
    if (fault !== "none") proxy.faults++;
    if (fault === "away") request.destroy();
    else if (fault === "failing") fail(request, response);
    else
      void (fault === "slow" ? delay(slowMs) : Promise.resolve()).then(() =>
        pass(target, request, response, fault === "deaf"),
      );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: "none",
    faults: 0,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

function fail(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.writeHead(500, { "x-clickhouse-exception-code": errorCode });
  response.end(`Code: ${errorCode}. DB::Exception: Memory limit exceeded`);
}

function pass(target: string, request: IncomingMessage, response: ServerResponse, isDeaf: boolean): void {
  const { method, headers } = request;
  const forward = httpRequest(new URL(request.url ?? "/", target), { method, headers }, (answer) => {
    if (isDeaf) {
      answer.resume();
      answer.on("end", () => response.destroy());
      return;
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  forward.on("error", () => response.destroy());
  request.on("error", () => forward.destroy());
  request.pipe(forward);
}
