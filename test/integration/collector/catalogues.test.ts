import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildCatalogues, catalogueProblems } from "../../../src/build-catalogues.ts";
import { configSchema } from "../../../src/config.ts";
import { createMetrics } from "../../../src/metrics.ts";
import { SettableClock } from "../../unit/collector/harness.ts";

let server: Server;
let url: string;
let answer = { status: 200, body: "" };
let authorization: string | undefined;
let data: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    authorization = request.headers.authorization;
    response.writeHead(answer.status).end(answer.body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/skus`;
});

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "evenkeel-catalogues-"));
  answer = { status: 200, body: '{"items": [{"sku": "A-1"}]}' };
  return () => rmSync(data, { recursive: true });
});

afterAll(() => void server.close());

function build(settings: object) {
  const config = configSchema.parse({ data, ...settings });
  const clock = new SettableClock(Date.UTC(2026, 10, 20, 9));
  const metrics = createMetrics({ process: false });
  const base = { config, clock, metrics, log: pino({ level: "silent" }) };
  return { clock, metrics, catalogues: buildCatalogues(base) };
}

const byUrl = (more: object = {}) => ({
  allow_private_webhooks: true,
  catalogues: { skus: { url, values_at: "items[].sku", token: "t0ken", ...more } },
});

describe("buildCatalogues()", () => {
  it("reads an address with its token, and shows size and age", async () => {
    const { catalogues, clock, metrics } = build(byUrl());
    await catalogues.refresh();
    expect([...(catalogues.values("skus") ?? [])]).toEqual(["A-1"]);
    expect(authorization).toBe("Bearer t0ken");
    clock.timeMs += 60_000;
    const { body } = await metrics.render("");
    expect(body).toContain('evenkeel_catalogue_values{catalogue="skus"} 1');
    expect(body).toContain('evenkeel_catalogue_age_seconds{catalogue="skus"} 60');
  });

  it("outlives an outage and a restart, and tells people", async () => {
    await build(byUrl()).catalogues.refresh();
    answer = { status: 503, body: "" };
    const { catalogues } = build(byUrl());
    await catalogues.refresh();
    expect([...(catalogues.values("skus") ?? [])]).toEqual(["A-1"]);
    expect(catalogueProblems(catalogues)).toMatchObject([{ problemId: "catalogue skus", solved: false }]);
    expect(catalogueProblems(catalogues)[0]?.text).toMatch(/answered 503; the 1 value of .* stays in force/);
  });

  const refusals = [
    { why: "an address that is not public", more: { allow_private_webhooks: false }, says: "not public" },
    { why: "an answer that is too large", body: "x".repeat(16 * 1024 * 1024 + 1), says: "at most 16777216" },
    { why: "a page of another kind", body: "[oops", says: "must be JSON" },
  ];
  it.each(refusals)("does not use $why", async ({ more = {}, body, says }) => {
    if (body !== undefined) answer = { status: 200, body };
    const { catalogues } = build({ ...byUrl(), ...more });
    await catalogues.refresh();
    expect(catalogues.values("skus")).toBeNull();
    expect(catalogues.states()[0]?.fault).toContain(says);
  });

  it("reads a file, and refuses to start without it", async () => {
    const file = join(data, "regions.txt");
    const settings = { catalogues: { regions: { file } } };
    expect(() => build(settings)).toThrow(`'catalogues.regions.file' must be a file that can be read`);
    writeFileSync(file, "north\nsouth\n");
    const { catalogues } = build(settings);
    await catalogues.refresh();
    expect(catalogues.values("regions")?.size).toBe(2);
  });
});
