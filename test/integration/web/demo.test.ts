import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildDashboard } from "../../../grafana/source/panels.ts";
import { dashboards } from "../../../grafana/source/write-dashboards.ts";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import type { Store } from "../../../src/store/port.ts";
import { type DemoWorld, incidentOf, launchBrowser, startDemoWorld } from "./demo-world.ts";
import { expandPromql, expandSql, queriesOf } from "./expand-panels.ts";

// One demo serves three people and every Grafana panel, in this order: it takes a minute to get into trouble.
// EVENKEEL_TEST_IMAGES=docs/images keeps the pictures that the README shows.
const images = process.env.EVENKEEL_TEST_IMAGES ?? join(tmpdir(), "evenkeel-images");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let world: DemoWorld;
let browser: Browser;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  mkdirSync(images, { recursive: true });
  [world, browser] = await Promise.all([startDemoWorld(), launchBrowser()]);
  page = await open({ width: 1280, height: 800 }, "light");
  await incidentOf(world, "invoice-extraction", /empty|never seen/);
  await incidentOf(world, "ticket-triage", /category/);
}, 900_000);

afterAll(async () => {
  await browser.close();
  await world.stop();
});

async function open(
  viewport: { width: number; height: number },
  colorScheme: "light" | "dark",
): Promise<Page> {
  const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: 1.5 });
  const opened = await context.newPage();
  opened.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  opened.on("pageerror", (error) => problems.push(error.message));
  return opened;
}

const go = (path: string, on = page) => on.goto(world.url + path);
const shoot = (name: string, on = page, fullPage = false) =>
  on.screenshot({ path: join(images, `${name}.png`), fullPage });

async function violationsOf(on: Page): Promise<string[]> {
  await on.evaluate(axe);
  const { violations } = await on.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
    "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })",
  );
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
  );
}

describe("the owner", () => {
  it("comes by the alert's link and reads what, since when, why, and sees the runs that show it", async () => {
    const incident = await incidentOf(world, "ticket-triage", /category/);
    await go(`/incidents/${incident.incident_id}`);
    expect(await page.locator("h1").innerText()).toContain("output.category");
    expect(await page.getByRole("heading", { name: /Likely cause/ }).innerText()).toContain("workflow logic");
    expect(await page.locator("svg.mini .onset").count()).toBeGreaterThan(0);
    expect(await page.locator("pre.diff .added").count()).toBeGreaterThan(0);
    expect(await page.locator("article.example").count()).toBeGreaterThanOrEqual(4);
    await shoot("incident");
    await page.locator("article.example a").first().click();
    expect(await page.locator("h1").innerText()).toContain(incident.example_run_ids[0]);
    expect(await page.getByRole("heading", { name: "Outputs" }).count()).toBe(1);
    await shoot("receipt");
    await page.goBack();
  });

  it("sees the evidence over time on the signal's own page", async () => {
    await page
      .getByRole("link", { name: /Output values/ })
      .first()
      .click();
    await page.locator(".u-over").waitFor();
    expect(await page.locator(".distribution tbody tr").count()).toBeGreaterThan(4);
    await shoot("signal", page, true);
    await page.goBack();
  });

  it("pauses, and resumes with a reason", async () => {
    await page.getByLabel("Your name").fill("Ola Owner");
    await page.getByLabel(/^Reason/).fill("answers general to everything");
    await page.getByRole("button", { name: "Pause the workflow" }).click();
    await page.getByRole("button", { name: "Resume the workflow" }).waitFor();
    expect(await world.get("/v1/workflows/ticket-triage/gate")).toMatchObject({ state: "paused" });
    expect(await page.getByLabel("Your name").inputValue()).toBe("Ola Owner");
    await page.getByRole("button", { name: "Resume the workflow" }).click();
    expect(await page.locator("main").innerText()).toContain("'reason' must say why");
    await page.goBack();
    await page.getByLabel(/^Reason/).fill("the prompt is back");
    await page.getByRole("button", { name: "Resume the workflow" }).click();
    await page.getByRole("button", { name: "Pause the workflow" }).waitFor();
    expect(await world.get("/v1/workflows/ticket-triage/gate")).toMatchObject({ state: "running" });
    expect(await page.locator(".timeline").last().innerText()).toContain("Ola Owner");
  });

  it("sees the workflow that paused itself, and what of it drifts", async () => {
    await go("/workflows/invoice-extraction");
    expect(await page.locator(".title .badge").innerText()).toBe("paused");
    expect(await page.getByRole("heading", { name: /Drifting/ }).count()).toBe(1);
    await shoot("workflow");
  });

  it("accepts the new behaviour as normal, which ends its incidents", async () => {
    await go("/workflows/ticket-triage#baseline");
    await page.locator("#baseline button", { hasText: "Accept" }).click();
    await page.getByRole("status").waitFor();
    expect(await page.getByRole("status").innerText()).toMatch(/baseline/);
    const { incidents } = await world.get("/v1/incidents?workflow=ticket-triage&state=open");
    expect(incidents.filter((one: any) => /category/.test(one.title))).toEqual([]);
  });
});

describe("the reviewer", () => {
  it("reviews ten runs by keyboard alone, with one undo and one edit", async () => {
    const reviewer = await open({ width: 1280, height: 800 }, "dark");
    // The demo has just learned a baseline anew and is busy: what counts is that it answers, not how soon.
    reviewer.setDefaultTimeout(60_000);
    await go("/workflows/ticket-triage/scorecard", reviewer);
    await reviewer.getByRole("button", { name: /audit/ }).click();
    await go("/review?workflow=ticket-triage", reviewer);
    await reviewer.locator("input:focus").waitFor();
    await reviewer.keyboard.type("Rita");
    await reviewer.keyboard.press("Enter");
    await reviewer.locator("#task").waitFor();
    await go("/review?workflow=ticket-triage", reviewer);
    const shown = async () => (await reviewer.locator("#task").getAttribute("action")) ?? "";
    const times: number[] = [];
    const seen: string[] = [];
    const answer = async (...keys: string[]) => {
      // The next run is drawn before the script that listens to keys has run.
      await reviewer.waitForLoadState("load");
      const before = await shown();
      const startedMs = performance.now();
      for (const key of keys) await reviewer.keyboard.press(key);
      await reviewer.locator(`#task:not([action="${before}"])`).waitFor();
      times.push(performance.now() - startedMs);
      return before;
    };
    for (let index = 0; index < 7; index++) seen.push(await answer("a"));
    seen.push(await answer("1", "r"));
    await reviewer.waitForLoadState("load");
    await reviewer.keyboard.press("e");
    await shoot("review", reviewer);
    await reviewer.keyboard.type("fees and rates");
    await reviewer.keyboard.press("Escape");
    seen.push(await answer("4", "s"));
    const last = await answer("a");
    await reviewer.waitForLoadState("load");
    await reviewer.keyboard.press("u");
    await reviewer.locator(`#task[action="${last}"]`).waitFor();
    seen.push(await answer("a"));
    expect(new Set(seen).size).toBe(10);
    expect(await reviewer.locator("[data-progress]").innerText()).toMatch(/^10 of \d+ today$/);
    console.log(
      `a review's round trip by keys: median ${Math.round(times.sort((a, b) => a - b)[5] ?? 0)} ms`,
    );
    // An answer is stored after the fifteen seconds in which it can be taken back.
    const edited = decodeURIComponent(seen[8]?.split("/").at(-1) ?? "");
    await vi.waitFor(
      async () => {
        const { reviews } = await world.get(`/v1/runs/${edited}`);
        expect(reviews.at(-1)).toMatchObject({
          verdict: "edited",
          reviewer: "Rita",
          reason: "wrong category",
        });
        expect(reviews.at(-1).output.category).toBe("fees and rates");
      },
      { timeout: 150_000, interval: 500 },
    );
  }, 300_000);
});

describe("the founder", () => {
  it("goes from the overview to a scorecard and a report", async () => {
    await go("/");
    expect(await page.locator("#workflows tbody tr").count()).toBe(2);
    await page.getByRole("link", { name: "ticket-triage" }).last().click();
    await page.getByRole("link", { name: "Scorecard" }).click();
    expect(await page.locator("main").innerText()).toContain("Failure audit");
    await page.goBack();
    await page.getByRole("link", { name: "Report" }).click();
    expect(await page.locator("pre.report").innerText()).toContain("| Overrides |");
  });
});

describe("every page", () => {
  const paths = [
    "/",
    "/incidents",
    "/runs",
    "/review",
    "/rejects",
    "/workflows/ticket-triage",
    "/workflows/ticket-triage/scorecard",
    "/workflows/ticket-triage/versions",
    "/workflows/ticket-triage/outcomes",
    "/workflows/ticket-triage/shadow",
    "/workflows/ticket-triage/canary",
  ];
  for (const scheme of ["light", "dark"] as const) {
    it(`passes axe in ${scheme} at WCAG AA`, async () => {
      const on = await open({ width: 1280, height: 800 }, scheme);
      const { incident_id: id, example_run_ids: runs } = await incidentOf(
        world,
        "invoice-extraction",
        /empty|never seen/,
      );
      const signal = "/workflows/invoice-extraction/signals/null_rate?field=output.net_amount";
      for (const path of [...paths, `/incidents/${id}`, `/runs/${runs[0]}`, signal]) {
        await go(path, on);
        expect([path, await violationsOf(on)]).toEqual([path, []]);
      }
      await go("/", on);
      await shoot(scheme === "light" ? "overview" : "overview-dark", on);
    });
  }

  it("fits a phone without scrolling sideways", async () => {
    const phone = await open({ width: 375, height: 740 }, "light");
    for (const path of [...paths, "/workflows/invoice-extraction"]) {
      await go(path, phone);
      const width = await phone.evaluate<number>("document.documentElement.scrollWidth");
      expect([path, width]).toEqual([path, 375]);
    }
    await go("/", phone);
    await shoot("phone", phone);
  });

  it("logged no error and broke no content policy", () => {
    // The owner was refused once, on purpose.
    expect(problems.filter((problem) => !problem.includes("status of 400"))).toEqual([]);
  });
});

describe("Grafana's panels on Prometheus", () => {
  const queries = queriesOf("prom");

  it.each(queries)("$at answers something", async ({ expr }) => {
    await vi.waitFor(
      async () => {
        const query = new URLSearchParams({ query: expandPromql(expr) });
        const answer = (await (
          await fetch(`${world.prometheusUrl}/api/v1/query?${query.toString()}`)
        ).json()) as any;
        expect(answer).toMatchObject({ status: "success" });
        expect(answer.data.result.length).toBeGreaterThan(0);
      },
      { timeout: 20_000, interval: 500 },
    );
  });
});

describe("Grafana's panels on ClickHouse", () => {
  let store: Store;
  beforeAll(async () => {
    await world.stopDemo();
    store = openChdbStore({ path: join(world.data, "clickhouse"), log: pino({ level: "silent" }) });
  }, 30_000);
  afterAll(() => store.close());

  it.each(queriesOf("sql"))("$at answers rows", async ({ expr }) => {
    expect((await store.query(expandSql(expr))).length).toBeGreaterThan(0);
  });

  it("marks new versions on the boards", async () => {
    const { annotations } = buildDashboard(dashboards.workflow!) as {
      annotations: { list: { target: { rawSql: string } }[] };
    };
    expect((await store.query(expandSql(annotations.list[0]!.target.rawSql))).length).toBeGreaterThan(0);
  });
});
