// Takes an incident from its opening over a pause to its end and tells of it. Kills itself right before the n-th
// write to the journal (argument `crashAt`); run again without, it takes up where the journal says it was.
import pino from "pino";
import { createAlerts } from "../../../src/alerts/create-alerts.ts";
import { openJournal } from "../../../src/journal/open-journal.ts";
import type { Journal } from "../../../src/journal/port.ts";
import { createMetrics } from "../../../src/metrics.ts";
import { systemClock } from "../../../src/model/clock.ts";
import { event, incident, settings } from "../../unit/alerts/build.ts";

const [path = "", slackUrl = "", hookUrl = "", crashAt = "0"] = process.argv.slice(2);
const log = pino({ level: "silent" });
const journal = openJournal({ path, log });
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const slack = { webhook_url: "", bot_token: "x", channel: "C", signing_secret: "", api_url: slackUrl };
const alerts = createAlerts({
  journal: mortal(journal, Number(crashAt)),
  clock: systemClock,
  settings: settings({ slack, webhook: { url: hookUrl, secret } }, { webhook: `${hookUrl}/pause`, secret }),
  meters: createMetrics({ process: false }),
  log,
});

const opened = incident();
const resolved = { ...opened, state: "resolved" as const, pausedWorkflow: true };
const known = journal.incidents.get(opened.incidentId);
if (known === null) alerts.record({ incidents: [opened], events: [event("opened", opened)] });
await alerts.drain();
if (known?.state !== "resolved")
  alerts.record({ incidents: [resolved], events: [event("recovered", resolved)] });
await alerts.drain();
await alerts.stop();
journal.close();

/** The journal, with a process that dies before its n-th write. */
function mortal(whole: Journal, n: number): Journal {
  let writes = 0;
  const writing = new Set(["put", "set", "append", "enqueue", "delivered", "failed", "dead"]);
  const guard = <T extends object>(room: T): T =>
    new Proxy(room, {
      get(target, name, self) {
        const value: unknown = Reflect.get(target, name, self);
        if (typeof value !== "function" || !writing.has(String(name))) return value;
        return (...given: unknown[]) => {
          writes += 1;
          if (writes === n) process.kill(process.pid, "SIGKILL");
          return (value as (...all: unknown[]) => unknown).apply(target, given);
        };
      },
    });
  return {
    ...whole,
    incidents: guard(whole.incidents),
    outbox: guard(whole.outbox),
    pauses: guard(whole.pauses),
    audit: guard(whole.audit),
    meta: guard(whole.meta),
  };
}
