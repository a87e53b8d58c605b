import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataFolder, runCommand, startSidecar } from "../../sidecar.ts";
import { type Receiver, startReceiver } from "../alerts/receiver.ts";

const folder = dataFolder();
let other: Receiver;
beforeAll(async () => {
  other = await startReceiver();
});
afterAll(async () => {
  await other.close();
  folder.remove();
});

/** Runs `evenkeel doctor` on a port. */
function doctor(url: string, args: string[] = []) {
  const { port } = new URL(url);
  return runCommand(["doctor", "--data", folder.data, "--port", port, ...args]);
}

describe("evenkeel doctor", () => {
  it("says that something else has the port", async () => {
    const { code, output } = await doctor(other.url);
    expect(output).toContain(`Something else listens on port ${new URL(other.url).port}`);
    expect(code).toBe(1);
  });

  it("opens the store where no sidecar runs, and asks the sidecar where one does", async () => {
    const sidecar = await startSidecar(folder.data);
    const beside = await doctor(sidecar.url);
    await sidecar.stop();
    expect(beside.output).toMatch(/^ok +sidecar +Runs on port \d+ and is ready$/m);
    expect(beside.code).toBe(0);

    const alone = await doctor(sidecar.url);
    expect(alone.output).toMatch(/^ok +sidecar +None listens on port \d+$/m);
    expect(alone.output).toMatch(/^ok +store +Embedded chDB opens$/m);
    expect(alone.output).toMatch(/^warn +routes +None is set/m);
    expect(alone.code).toBe(0);
  });

  it("warns of workflows without an owner and sends a test message through every route", async () => {
    const config = join(folder.data, "evenkeel.yaml");
    const nobody = "http://127.0.0.1:1";
    writeFileSync(
      config,
      `workflows: { triage: {} }\nallow_private_webhooks: true\nroutes:\n  slack: { webhook_url: "${other.url}" }\n  webhook: { url: "${nobody}", secret: "whsec_c2VjcmV0LW9mLXRoZS10ZXN0" }\n`,
    );
    const { code, output } = await doctor(nobody, ["--config", config, "--send-test"]);
    expect(output).toMatch(/^warn +owner +Workflow 'triage' has none/m);
    expect(output).toMatch(/^ok +route slack +Took the test message$/m);
    expect(output).toMatch(/^fail +route webhook +\S/m);
    expect(other.requests.at(-1)?.body).toContain("test message of evenkeel doctor");
    expect(code).toBe(1);
  });
});
