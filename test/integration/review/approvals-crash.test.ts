import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { dataFolder, eventually, type Sidecar, startSidecar } from "../../sidecar.ts";

const folder = dataFolder();
const host = new URL("asking-host.ts", import.meta.url).pathname;
let sidecar: Sidecar | null = null;
const hosts: ChildProcess[] = [];

afterAll(async () => {
  for (const child of hosts) child.kill("SIGKILL");
  await sidecar?.kill();
  folder.remove();
});

/** Starts a host, and gathers what it prints. */
function startHost(url: string, id: string) {
  const child = spawn(process.execPath, ["--import", "tsx", host, url, id], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  hosts.push(child);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const answer = once(child, "exit").then(() => JSON.parse(output.split("\n")[1] || "null"));
  return { child, answer };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const open = async (url: string): Promise<any[]> =>
  ((await (await fetch(`${url}/v1/approvals`)).json()) as any).approvals.sort((a: any, b: any) =>
    a.approval_id < b.approval_id ? -1 : 1,
  );
const decide = (url: string, id: string, decision: string) =>
  fetch(`${url}/v1/approvals/${id}/decision`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ decision, actor: "ann" }),
  });

describe("approval() with both sides killed", () => {
  it("holds through kills of the sidecar and of the host, and acts once a person has approved", async () => {
    const port = await freePort();
    const args = ["--port", String(port)];
    const url = `http://127.0.0.1:${port}`;
    // The host asks before there is anyone to ask.
    const first = startHost(url, "inv-1");
    const other = startHost(url, "inv-2");
    sidecar = await startSidecar(folder.data, args);
    await eventually(async () => (await open(url)).length === 2);
    await sidecar.kill();
    first.child.kill("SIGKILL");
    const again = startHost(url, "inv-1");
    sidecar = await startSidecar(folder.data, args);
    const held = await open(url);
    expect(held.map((item) => [item.approval_id, item.state])).toEqual([
      ["inv-1", "held"],
      ["inv-2", "held"],
    ]);
    expect(held[0]).toMatchObject({ error: "HTTP 500 from the bank", note: "Pay it in the bank's portal" });
    expect((await decide(url, "inv-1", "approve")).status).toBe(200);
    expect((await decide(url, "inv-2", "reject")).status).toBe(200);
    // The decisions are there before any host has heard of them.
    await sidecar.kill();
    sidecar = await startSidecar(folder.data, args);
    expect(await again.answer).toMatchObject({ act: true, state: "approved", actor: "ann" });
    expect(await other.answer).toMatchObject({ act: false, state: "rejected" });
    const entries = await fetch(`${url}/v1/approvals?state=approved`);
    expect(((await entries.json()) as any).approvals).toHaveLength(1);
  });
});
