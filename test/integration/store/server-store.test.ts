import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import type { Layout } from "../../../src/store/layout.ts";
import { openServerStore } from "../../../src/store/server-store.ts";
import { type Front, startFront } from "../../conformance/start-front.ts";
import { ndjson, rollupRow } from "../../conformance/rows.ts";
import { storeConformance } from "../../conformance/store.ts";

const log = pino({ level: "silent" });
let front: Front;

beforeAll(async () => {
  front = await startFront("sidecar:s3cret");
});
afterAll(() => front.stop());

const open = (password = "s3cret", database = "evenkeel", layout: Partial<Layout> = {}) =>
  openServerStore({ url: front.url, user: "sidecar", password, database, log, layout });

storeConformance("openServerStore()", (layout) => open(undefined, undefined, layout));

describe("openServerStore()", () => {
  it("refuses a wrong password, and does not repeat it", async () => {
    const store = open("wr0ng");
    const error: unknown = await store.readWorkflows().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(PermanentError);
    expect(String(error)).not.toContain("wr0ng");
    await store.close();
  });

  it("refuses a database name that is no identifier", () => {
    expect(() => open("s3cret", "a; DROP DATABASE default")).toThrow(PermanentError);
  });

  it("fails as TransientError while the server is away", async () => {
    const store = openServerStore({ url: "http://127.0.0.1:9", log });
    await expect(store.insert("rollups", ndjson([rollupRow({ minute: 0 })]), "t")).rejects.toBeInstanceOf(
      TransientError,
    );
    await expect(store.readWorkflows()).rejects.toBeInstanceOf(TransientError);
    expect(await store.ping()).toBe(false);
    await store.close();
  });

  it("keeps tables of another database apart", async () => {
    const store = open("s3cret", "other");
    await store.migrate();
    expect(await store.readWorkflows()).toEqual([]);
    await store.close();
  });
});
