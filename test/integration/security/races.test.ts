import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Front, startFront } from "../../conformance/start-front.ts";
import { dataFolder, eventually, type Sidecar, startSidecar } from "../../sidecar.ts";

const json = { "content-type": "application/json" };

function postRuns(sidecar: Sidecar, runs: object[]): Promise<Response> {
  return fetch(`${sidecar.url}/v1/runs`, { method: "POST", headers: json, body: JSON.stringify(runs) });
}

async function metric(sidecar: Sidecar, name: string): Promise<number> {
  const metrics = await (await fetch(`${sidecar.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1] ?? Number.NaN);
}

function openSocket(sidecar: Sidecar): Socket {
  return connect(Number(new URL(sidecar.url).port), "127.0.0.1").on("error", () => undefined);
}

/** Resolves at the end of a connection, also one that the other side has reset. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once("close", resolve));
}

const head = (length: number) =>
  `POST /v1/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

describe("clients that race or break off", () => {
  const folder = dataFolder();
  let sidecar: Sidecar;
  beforeAll(async () => {
    sidecar = await startSidecar(folder.data);
  });
  afterAll(async () => {
    await sidecar.stop();
    folder.remove();
  });

  it("counts a run once that 40 clients send at the same time", async () => {
    const runs = Array.from({ length: 20 }, (_, index) => ({
      run_id: `race-${index}`,
      workflow: "race",
      outputs: { n: index },
    }));
    const answers = await Promise.all(Array.from({ length: 40 }, () => postRuns(sidecar, runs)));
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as {
      runs: { status: string }[];
    }[];
    const statuses = bodies.flatMap((body) => body.runs.map(({ status }) => status));
    expect(statuses.filter((status) => status === "accepted")).toHaveLength(20);
    expect(statuses.filter((status) => status === "duplicate")).toHaveLength(780);
    await eventually(async () => (await metric(sidecar, "evenkeel_runs_stored_total")) >= 20);
    const page = await fetch(`${sidecar.url}/v1/runs?workflow=race&limit=500`);
    expect(((await page.json()) as { runs: unknown[] }).runs).toHaveLength(20);
    expect(await metric(sidecar, "evenkeel_runs_stored_total")).toBe(20);
  });

  it("survives uploads that break off, in every place, and keeps none of them", async () => {
    const body = JSON.stringify([{ run_id: "broken-off", workflow: "broken" }]);
    const whole = head(body.length) + body;
    for (let cut = 1; cut < whole.length; cut += 7) {
      const socket = openSocket(sidecar);
      await once(socket, "connect");
      socket.write(whole.slice(0, cut), () => (cut % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()));
      await closed(socket);
    }
    expect((await postRuns(sidecar, [{ run_id: "after", workflow: "broken" }])).status).toBe(200);
    expect((await fetch(`${sidecar.url}/v1/runs/broken-off`)).status).toBe(404);
    // What clients do wrong is no fault of the sidecar's, and no stack trace in its log.
    expect(sidecar.output()).not.toMatch(/"level":(50|60)|^\s+at /m);
  });

  it("answers others while 200 clients send a byte and then nothing", async () => {
    const slow = Array.from({ length: 200 }, () => openSocket(sidecar));
    await Promise.all(slow.map((socket) => once(socket, "connect")));
    for (const socket of slow) socket.write(`${head(1000)}[`);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        postRuns(sidecar, [{ run_id: `fast-${index}`, workflow: "fast" }]),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    for (const socket of slow) socket.destroy();
  });

  it("answers a client that has closed its half of the connection", async () => {
    const body = JSON.stringify([{ run_id: "half-closed", workflow: "half" }]);
    const socket = openSocket(sidecar);
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.end(head(body.length) + body);
    await closed(socket);
    // Node ends the connection at once; then the run may be kept, and is known when it is sent again.
    expect(answer === "" || answer.startsWith("HTTP/1.1 200")).toBe(true);
    const again = (await (await postRuns(sidecar, [{ run_id: "half-closed", workflow: "half" }])).json()) as {
      runs: { status: string }[];
    };
    expect(["accepted", "duplicate"]).toContain(again.runs[0]?.status);
  });

  it.each([
    ["two lengths", "content-length: 3\r\ncontent-length: 5\r\n\r\n[]"],
    ["a length and chunks", "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a length that is none", "content-length: -1\r\n\r\n"],
    ["a header of 100 KB", `x: ${"y".repeat(100_000)}\r\n\r\n`],
    ["bytes that are no HTTP", "\u0000\u0001\r\n\r\n"],
  ])("refuses %s", async (_why, rest) => {
    const socket = openSocket(sidecar);
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(`POST /v1/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${rest}`);
    await closed(socket);
    // A reset may overtake the answer while the client is still sending.
    expect(answer).toMatch(/^(HTTP\/1.1 4\d\d|$)/);
    expect((await fetch(`${sidecar.url}/healthz`)).status).toBe(200);
  });
});

describe("a ClickHouse server that goes and comes", () => {
  const folder = dataFolder();
  const server = dataFolder();
  let front: Front | null = null;
  let sidecar: Sidecar | null = null;
  afterAll(async () => {
    await sidecar?.stop();
    await front?.stop();
    folder.remove();
    server.remove();
  });

  const runs = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({
      run_id: `run-${from + index}`,
      workflow: "away",
      outputs: { a: 1 },
    }));

  it("takes runs, pauses and shows incidents from the first moment to the last, and loses nothing", async () => {
    // A port that is free while nothing listens on it.
    front = await startFront(undefined, server.data);
    const { url } = front;
    const port = new URL(url).port;
    await front.stop();
    const running = await startSidecar(folder.data, [], {
      EVENKEEL_CLICKHOUSE_URL: url,
      EVENKEEL_SWEEP_SECONDS: "0.5",
    });
    sidecar = running;
    const works = async () => {
      const post = (path: string) =>
        fetch(`${running.url}${path}`, {
          method: "POST",
          headers: json,
          body: '{"actor":"ana","reason":"away"}',
        });
      expect((await post("/v1/workflows/away/pause")).status).toBe(200);
      expect(await (await fetch(`${running.url}/v1/workflows/away/gate`)).json()).toMatchObject({
        state: "paused",
      });
      expect((await post("/v1/workflows/away/resume")).status).toBe(200);
      for (const path of ["/", "/incidents", "/v1/incidents", "/v1/workflows", "/metrics", "/healthz"])
        expect([path, (await fetch(running.url + path)).status]).toEqual([path, 200]);
    };
    const stored = () => metric(running, "evenkeel_runs_stored_total");

    expect((await postRuns(running, runs(0, 50))).status).toBe(200);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(503);
    await works();
    front = await startFront(undefined, server.data, port);
    await eventually(async () => (await stored()) === 50);

    front.process.kill("SIGKILL");
    await once(front.process, "exit");
    expect((await postRuns(running, runs(50, 100))).status).toBe(200);
    expect((await postRuns(running, runs(0, 50))).status).toBe(200);
    await works();
    expect([400, 503]).toContain((await fetch(`${running.url}/v1/runs?workflow=away`)).status);
    front = await startFront(undefined, server.data, port);
    await eventually(async () => (await stored()) === 100);
    const page = await fetch(`${running.url}/v1/runs?workflow=away&limit=500`);
    expect(((await page.json()) as { runs: unknown[] }).runs).toHaveLength(100);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
  });
});
