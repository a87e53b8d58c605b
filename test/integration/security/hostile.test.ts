import { parse } from "csv-parse/sync";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataFolder, eventually, runCommand, type Sidecar, startSidecar } from "../../sidecar.ts";
import { launchBrowser } from "../web/demo-world.ts";
import { payloads } from "./payloads.ts";

const folder = dataFolder();
const name = "<b>'\"hostile</b>";
const encoded = encodeURIComponent(name);
let sidecar: Sidecar;
let browser: Browser;
let page: Page;

function post(path: string, body: unknown): Promise<Response> {
  return fetch(sidecar.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

function hostileRun(payload: string, index: number) {
  return {
    run_id: `${index} ${payload.slice(0, 200)}`,
    workflow: name,
    inputs: { [payload]: payload, list: [{ deep: payload }] },
    outputs: { answer: payload, [payload]: 1, json: JSON.stringify({ [payload]: payload }) },
    error: { type: payload, message: payload, stack: payload },
    version: `v${index % 3} ${payload.slice(0, 100)}`,
    model: payload.slice(0, 100),
    prompt: { name: payload, text: payload },
    attributes: { [payload.slice(0, 100)]: payload },
    steps: [{ name: payload.slice(0, 150), kind: "tool", inputs: payload, outputs: payload, error: payload }],
    reviews: [
      { verdict: "edited", output: { answer: payload }, reason: payload, note: payload, reviewer: payload },
    ],
    outcomes: [{ name: payload.slice(0, 150), value: payload }],
  };
}

const perReceipt = 20;

/** A run whose receipt shows many payloads at once. */
function receiptRun(at: number) {
  const some = payloads.slice(at, at + perReceipt);
  const all = some.join(" ");
  return {
    ...hostileRun(all, at),
    run_id: `receipt-${at}`,
    workflow: "receipts",
    outputs: some,
    inputs: Object.fromEntries(some.map((payload) => [payload, payload])),
    attributes: Object.fromEntries(some.map((payload) => [payload, payload])),
    steps: some.map((payload) => ({ name: payload, inputs: payload, outputs: payload, error: payload })),
    outcomes: some.map((payload) => ({ name: payload, value: payload })),
  };
}

beforeAll(async () => {
  sidecar = await startSidecar(folder.data, [], { EVENKEEL_SWEEP_SECONDS: "0.5" });
  expect((await post("/v1/runs", payloads.map(hostileRun))).status).toBe(200);
  const starts = Array.from({ length: payloads.length / perReceipt }, (_, index) => index * perReceipt);
  expect((await post("/v1/runs", starts.map(receiptRun))).status).toBe(200);
  await post(
    "/v1/runs",
    payloads.map((payload) => ({ workflow: 1, inputs: payload })),
  );
  await post(`/v1/workflows/${encoded}/pause`, {
    actor: payloads[0],
    reason: payloads.slice(0, 20).join(" "),
  });
  await eventually(async () => {
    const { runs } = (await (
      await fetch(`${sidecar.url}/v1/runs?workflow=${encoded}&limit=500`)
    ).json()) as any;
    return runs.length === payloads.length;
  });
  browser = await launchBrowser();
  // Without the content security policy, so that nothing but the escaping stands in the way.
  page = await (await browser.newContext({ bypassCSP: true })).newPage();
  await page.addInitScript("window.pwned = () => { window.wasPwned = true; }; window.alert = window.pwned;");
});

afterAll(async () => {
  await browser.close();
  await sidecar.stop();
  folder.remove();
});

/** What on the open page is not ours: elements and attributes that our pages never have. */
const foreign = `[...document.querySelectorAll(
  "script:not([src^='/static/']), img, iframe, object, embed, base, video, style, math, body b, [srcdoc], " +
  "[onload], [onerror], [onfocus], [ontoggle], [href^='javascript:'], [action^='javascript:'], " +
  "[href^='data:'], meta[http-equiv], link[href*='evil'], a[href*='evil.example']:not([href^='/'])"
)].map((element) => element.outerHTML.slice(0, 200))`;

describe("pages in Chromium, without their policy", () => {
  it.each([
    "/",
    "/runs",
    `/runs?workflow=${encoded}&field=${encodeURIComponent(payloads[1] ?? "")}&value=${encodeURIComponent(payloads[2] ?? "")}`,
    `/runs?q=${encodeURIComponent("pwned")}`,
    "/rejects",
    `/rejects?said=${encodeURIComponent(payloads[0] ?? "")}`,
    "/review",
    "/incidents",
    `/workflows/${encoded}`,
    `/workflows/${encoded}/scorecard?said=${encodeURIComponent(payloads[1] ?? "")}`,
    `/workflows/${encoded}/signals/null_rate?field=${encodeURIComponent(`output.${payloads[1] ?? ""}`)}`,
    `/workflows/${encodeURIComponent(payloads[1] ?? "")}`,
    `/sign-in?to=${encodeURIComponent("javascript:pwned()")}`,
  ])("%s runs no script and holds no foreign element", async (path) => {
    await page.goto(sidecar.url + path, { waitUntil: "load" });
    expect(await page.evaluate(foreign)).toEqual([]);
    expect(await page.evaluate("window.wasPwned ?? false")).toBe(false);
  });

  it("no receipt runs a script or holds a foreign element", async () => {
    for (let at = 0; at < payloads.length; at += perReceipt) {
      await page.goto(`${sidecar.url}/runs/receipt-${at}`, { waitUntil: "load" });
      expect(await page.evaluate("document.querySelector('main').textContent")).toContain(
        payloads[at]?.trim(),
      );
      expect(await page.evaluate(foreign)).toEqual([]);
      expect(await page.evaluate("window.wasPwned ?? false")).toBe(false);
    }
  });
});

it("CSV export holds no cell that a spreadsheet takes for a formula", async () => {
  for (const what of ["runs", "reviews"]) {
    const args = ["export", "--workflow", name, "--what", what, "--format", "csv", "--url", sidecar.url];
    const { code, output } = await runCommand(args);
    expect(code).toBe(0);
    const rows: string[][] = parse(output.replace(/^[\d,]+ \w+ written$/m, ""), {
      relax_column_count: true,
    });
    expect(rows.length).toBeGreaterThan(payloads.length);
    expect(rows.flat().filter((cell) => /^[=+@\t\r]|^-(?![\d.]+$)/.test(cell))).toEqual([]);
  }
});

it("the report shows hostile names as code", async () => {
  const answer = await fetch(`${sidecar.url}/v1/workflows/${encoded}/report`);
  expect(answer.status).toBe(200);
  const markdown = await answer.text();
  const outsideCode = markdown.replaceAll(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, "");
  expect(markdown).toContain("pwned");
  expect(outsideCode).not.toMatch(/pwned|<[a-z!]|\]\(javascript/i);
});

/** A tenth of them, and every one that is SQL. */
const kinds = payloads.filter((_, index) => index % 10 === 0 || index >= payloads.length - 10);

describe("filters of the store", () => {
  const filters = ["workflow", "status", "version", "q", "field", "value", "from", "to", "cursor", "limit"];
  it.each(filters)("GET /v1/runs?%s= takes every payload as a value", async (filter) => {
    for (const payload of kinds) {
      const also = filter === "value" ? "&field=output.answer" : "";
      const url = `${sidecar.url}/v1/runs?${filter}=${encodeURIComponent(payload.slice(0, 199))}${also}`;
      const answer = await fetch(url);
      const body = (await answer.json()) as { runs?: { workflow: string }[] };
      expect([200, 400]).toContain(answer.status);
      // A condition that holds for everything would find them all.
      if (answer.status === 200) expect(body.runs?.length).toBeLessThan(45);
    }
  });

  it("finds the very run whose field has the payload", async () => {
    for (const [index, payload] of payloads.entries()) {
      if (!kinds.includes(payload)) continue;
      const url = `${sidecar.url}/v1/runs?workflow=${encoded}&field=output.answer&value=${encodeURIComponent(payload)}`;
      const { runs } = (await (await fetch(url)).json()) as { runs: { run_id: string }[] };
      expect(runs.map((run) => run.run_id)).toEqual([hostileRun(payload, index).run_id]);
    }
  });

  it.each(["", "/baselines", "/scorecard", "/history?what=runs", "/gate", "/report"])(
    "GET /v1/workflows/<payload>%s answers 200, 400 or 404",
    async (rest) => {
      for (const payload of kinds) {
        const answer = await fetch(`${sidecar.url}/v1/workflows/${encodeURIComponent(payload)}${rest}`);
        await answer.arrayBuffer();
        expect([payload, [200, 400, 404].includes(answer.status)]).toEqual([payload, true]);
      }
    },
  );

  it("the tables are still there", async () => {
    const { runs } = (await (await fetch(`${sidecar.url}/v1/runs?limit=500`)).json()) as { runs: unknown[] };
    expect(runs).toHaveLength(payloads.length + payloads.length / perReceipt);
  });
});
