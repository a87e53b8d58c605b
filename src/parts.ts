import type { Logger } from "pino";
import type { Alerts } from "./alerts/create-alerts.ts";
import type { Trials } from "./alerts/trials.ts";
import type { Catalogues } from "./collector/catalogues.ts";
import type { FieldCatalogue } from "./collector/field-catalogue.ts";
import type { Ingest } from "./collector/ingest.ts";
import type { Redactor } from "./collector/redact.ts";
import type { Spool } from "./collector/spool.ts";
import type { Writer } from "./collector/writer.ts";
import type { Config } from "./config.ts";
import type { Journal } from "./journal/port.ts";
import type { Metrics } from "./metrics.ts";
import type { Clock } from "./model/clock.ts";
import type { ApprovalDesk } from "./review/approval-desk.ts";
import type { ReviewDesk } from "./review/desk.ts";
import type { Follower } from "./reload.ts";
import type { QueueFiller } from "./review/fill-queue.ts";
import type { Store } from "./store/port.ts";
import type { Watermark } from "./watermark.ts";
import type { WatchLoop } from "./watch/watch.ts";
import type { Canary } from "./web/ports.ts";

/** What `createApp` needs. */
export interface AppOptions {
  /** The settings in force. The object stays, its members may be replaced: read them when they are needed. */
  config: Config;
  clock: Clock;
  /** The time of people, whatever clock the data runs on; the machine's where none is given. */
  wallClock?: Clock;
  log: Logger;
}

/** What every part is built on. */
export interface Base extends Required<AppOptions> {
  metrics: Metrics;
  journal: Journal;
  store: Store;
}

/** The parts of the collector that others need. */
export interface CollectorParts {
  spool: Spool;
  catalogue: FieldCatalogue;
  catalogues: Catalogues;
  ingest: Ingest;
  redactor: Redactor;
  followRedaction: Follower;
  /** History is coming in just now, so that there may be more of it: too early to learn from it. */
  isImporting: () => boolean;
}

/** The running parts. */
export interface Parts extends Base, CollectorParts {
  /** Null until the tables are there. */
  writer: () => Writer | null;
  /** Why there are no tables and will be none; "" while there is hope. */
  tablesFault: () => string;
  alerts: Alerts;
  trials: Trials;
  watch: WatchLoop;
  watermark: Watermark;
  canary: Canary;
  desk: ReviewDesk;
  filler: QueueFiller;
  approvals: ApprovalDesk;
}
