import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import pino from "pino";
import { openJournal } from "../../../src/journal/open-journal.ts";
import { type Received, startReceiver } from "./receiver.ts";

const child = new URL("crash-child.ts", import.meta.url).pathname;
const log = pino({ level: "silent" });

/** Runs the child; answers the signal that ended it, null for an ordinary end. */
async function run(path: string, urls: string[], crashAt: number): Promise<string | null> {
  const args = ["--import", "tsx", child, path, ...urls, String(crashAt)];
  const [code, signal] = (await once(spawn(process.execPath, args, { stdio: "inherit" }), "exit")) as [
    number | null,
    string | null,
  ];
  if (signal === null) expect(code).toBe(0);
  return signal;
}

/** How often each message arrived, in order of its first arrival. */
function arrivals(requests: readonly Received[], name: (request: Received) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const request of requests) counts.set(name(request), (counts.get(name(request)) ?? 0) + 1);
  return counts;
}

it("alerts lose nothing owed and send nothing more than twice, killed before every write of a delivery", async () => {
  let crashes = 0;
  for (let crashAt = 1; ; crashAt += 1) {
    const folder = mkdtempSync(join(tmpdir(), "evenkeel-crash-"));
    const path = join(folder, "journal");
    const slack = await startReceiver(() => ({ status: 200, body: '{"ok":true,"ts":"1","channel":"C"}' }));
    const hook = await startReceiver();
    const signal = await run(path, [slack.url, hook.url], crashAt);
    if (signal !== null) {
      crashes += 1;
      expect(await run(path, [slack.url, hook.url], 0)).toBeNull();
    }
    const hooks = arrivals(
      hook.requests,
      ({ path: to, body }) => `${to} ${(JSON.parse(body) as { type: string }).type}`,
    );
    const order = [...hooks.keys()].filter((key) => key.startsWith("/ "));
    expect({ crashAt, order }).toEqual({
      crashAt,
      order: ["/ incident.opened", "/ workflow.paused", "/ incident.recovered"],
    });
    expect([...hooks.keys()]).toContain("/pause workflow.paused");
    const texts = arrivals(
      slack.requests,
      ({ path: to, body }) => `${to} ${(JSON.parse(body) as { text: string }).text}`,
    );
    // The thread is opened, updated and answered; an opening that is not known to be sent is updated and answered too.
    expect(texts.size).toBeGreaterThanOrEqual(3);
    for (const [what, times] of [...hooks, ...texts]) expect([what, times <= 2]).toEqual([what, true]);
    const journal = openJournal({ path, log });
    expect(journal.outbox.list().map(({ state }) => state)).toEqual(Array<string>(6).fill("delivered"));
    expect(journal.pauses.get("invoices").state).toBe("paused");
    journal.close();
    await slack.close();
    await hook.close();
    rmSync(folder, { recursive: true });
    if (signal === null) break;
  }
  expect(crashes).toBeGreaterThan(15);
}, 600_000);
