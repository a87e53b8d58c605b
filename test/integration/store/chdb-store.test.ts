import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import { storeConformance } from "../../conformance/store.ts";

const path = mkdtempSync(join(tmpdir(), "evenkeel-store-"));

storeConformance("openChdbStore()", (layout) =>
  openChdbStore({ path, log: pino({ level: "silent" }), layout }),
);
