import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createRemoteHistory } from "../../../src/history/remote-history.ts";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import { type Sidecar, startSidecar } from "../web/sidecar.ts";
import { past } from "./past.ts";

const fromMs = Date.UTC(2026, 0, 1);
const query = { workflow: "invoices", fromMs, toMs: Date.UTC(2026, 1, 1) };
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let found = 0;
  for await (const item of items) found += item === undefined ? 0 : 1;
  return found;
}

async function sidecarWith(runs: number): Promise<Sidecar> {
  const sidecar = await startSidecar();
  ends.push(() => sidecar.stop());
  const all = [...past({ runs, fromMs, everyMs: 60_000 })].map((one) => ({ ...one, workflow: "invoices" }));
  await sidecar.send(all, "?history=true");
  return sidecar;
}

/** A server that says half of a sentence. */
async function cutShort(): Promise<string> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.write('{"run_id":"1"}\n{"run_id":', () => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("createRemoteHistory()", () => {
  it("createRemoteHistory() reads every page", async () => {
    const sidecar = await sidecarWith(1_700);
    const history = createRemoteHistory({ url: `${sidecar.url}/`, key: "" });
    expect(await count(history.read("runs", query))).toBe(1_700);
    // The monitor lists a workflow once its import has come to rest.
    await expect.poll(() => history.workflows(), { timeout: 30_000 }).toEqual(["invoices"]);
  });

  it("createRemoteHistory() says so when the store fails in the middle of an answer", async () => {
    const sidecar = await sidecarWith(1_700);
    const { store } = sidecar.app.parts;
    const ask = store.query.bind(store);
    let pages = 0;
    store.query = (sql, params) => {
      pages += 1;
      return pages > 2 ? Promise.reject(new TransientError("Cannot read from the store")) : ask(sql, params);
    };
    const history = createRemoteHistory({ url: sidecar.url, key: "" });
    await expect(count(history.read("runs", query))).rejects.toBeInstanceOf(TransientError);
    store.query = ask;
    // The sidecar lives on.
    expect(await count(history.read("runs", query))).toBe(1_700);
  });

  it("createRemoteHistory() does not take half an answer for the whole", async () => {
    const history = createRemoteHistory({ url: await cutShort(), key: "" });
    await expect(count(history.read("runs", query))).rejects.toThrow("the answer was cut off");
  });

  it("createRemoteHistory() names the status that it was refused with", async () => {
    const sidecar = await sidecarWith(1);
    const history = createRemoteHistory({ url: sidecar.url, key: "" });
    const refused = count(history.read("runs", { ...query, stepMs: 61 * 60_000 }));
    await expect(refused).rejects.toBeInstanceOf(PermanentError);
    await expect(refused).rejects.toThrow("answered 400");
  });
});
