import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { ServerType } from "@hono/node-server";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBody } from "../../../src/collector/body.ts";

const bytesMax = 256 * 1024;
let server: ServerType;
let socket: Socket;
let faults: unknown[];
let onFault: () => void;

beforeEach(async () => {
  faults = [];
  const app = new Hono();
  app.post("/", async (c) => {
    const body = await readBody(c, bytesMax);
    return body.kind === "body"
      ? c.text(Buffer.from(body.bytes).toString())
      : c.text(body.reason, body.status);
  });
  app.onError((error, c) => {
    faults.push(error);
    onFault();
    return c.body(null, 400);
  });
  server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
});

afterEach(async () => {
  socket.destroy();
  server.close();
  await once(server, "close");
});

function head(length: number): string {
  return `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n\r\n`;
}

/** What the server has answered once the answer ends in some text. */
async function answerTo(end: string): Promise<string> {
  let answer = "";
  while (!answer.endsWith(end)) answer += String((await once(socket, "data"))[0]);
  return answer;
}

describe("readBody()", () => {
  it("joins what comes in pieces, request after request", async () => {
    for (const body of ["first and second", "third and fourth"]) {
      const [one = "", two = ""] = body.split(" and ");
      socket.write(head(body.length) + one);
      // The server reads what it has before the rest is sent.
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(` and ${two}`);
      expect(await answerTo(two)).toContain(`\r\n\r\n${body}`);
    }
  });

  it("reads none of a body that says it is too long", async () => {
    socket.write(head(bytesMax + 1));
    expect(await answerTo(`${bytesMax} bytes`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("ends a request whose client goes away halfway", async () => {
    const ended = new Promise<void>((resolve) => (onFault = resolve));
    socket.write(`${head(100)}half`);
    await once(server, "request");
    socket.destroy();
    await ended;
    expect(faults).toHaveLength(1);
  });
});
