import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Parts } from "./parts.ts";
import { routeName } from "./alerts/route-name.ts";
import { collectorRoutes } from "./collector/routes.ts";
import { type Config, type WorkflowConfig, workflowConfig } from "./config.ts";
import { type GrpcOptions, type GrpcServer, listenGrpc } from "./grpc-server.ts";
import { PermanentError } from "./model/errors.ts";
import type { Criterion } from "./review/scorecard.ts";
import { createForget } from "./forget.ts";
import type { Follower } from "./reload.ts";
import { replayReject } from "./replay-reject.ts";
import { secretOf } from "./secret-of.ts";
import { createSlackActions } from "./slack-actions.ts";
import { version } from "./version.ts";
import { createGuard, type Guard, keyIn } from "./web/guard.ts";
import { createKeyring, liveKeyring } from "./web/keys.ts";
import type { Act, Watch } from "./web/ports.ts";
import { webRoutes } from "./web/routes.ts";

/** An open port. */
export interface HttpServer {
  /** Where people reach it. */
  address: string;
  /** Where exporters reach OTLP over gRPC, without a scheme; "" where it is not served. */
  grpcAddress: string;
  /** Takes over other keys. @throws {PermanentError} If the port would be open to others without any. */
  follow: Follower;
  /** Takes no more requests; resolves when those under way are answered. */
  close(): Promise<void>;
}

/** Forms, presses of buttons and orders by API: the largest holds the corrected output of one run. */
const webBodyBytesMax = 2 * 1024 * 1024;
const tooLarge = `Cannot read the body: it is larger than ${webBodyBytesMax} bytes`;

/** What a collector answers besides taking runs. Its journal knows neither pauses nor incidents. */
const ownPaths: ReadonlySet<string> = new Set(["/metrics", "/healthz", "/readyz", "/openapi.json"]);
const askMonitor = "Cannot answer: this process collects; ask the one whose 'role' is monitor";

/** Who opens connections and says nothing shall not use up the files that the process may have open. */
const connectionsMax = 2_000;

/** Requests that take longer are cut off. */
const requestTimeoutMs = 60_000;

/**
 * Opens the one port: collector, API, pages and metrics; and beside it the one for OTLP over gRPC.
 *
 * @param troubles What people should see to while work goes on, in full sentences.
 * @throws {PermanentError} If a port is taken, or it would be open to others without keys.
 */
export async function listen(parts: Parts, troubles: () => string[]): Promise<HttpServer> {
  const { config, journal, clock, metrics } = parts;
  let keys = createKeyring(config.keys);
  const keyring = liveKeyring(() => keys);
  const guard = createGuard({
    keyring,
    secret: Buffer.from(secretOf(journal, "session key"), "hex"),
    clock,
    onLimited: (key) => metrics.requestsLimited.inc({ key }),
  });
  const hostname = hostFor(config.host, keyring.locked);
  const app = createRoutes(parts, guard, troubles);
  // First, so that a port that is taken is told before anything is taken in.
  const grpc = await openGrpc(config, hostname, {
    isKnown: (authorization) => !keyring.locked || keyring.find(keyIn(authorization) ?? "") !== null,
    fetch: (request) => app.fetch(request),
    onRefused: (reason) => metrics.refused.inc({ reason }),
  });
  const server = serve({
    fetch: app.fetch,
    port: config.port,
    hostname,
    serverOptions: { requestTimeout: requestTimeoutMs },
  });
  server.maxConnections = connectionsMax;
  server.on("drop", () => metrics.refused.inc({ reason: "connections" }));
  await opened(server, config.port, hostname).catch(async (error: unknown) => {
    await grpc?.close();
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  const shown = hostname === "127.0.0.1" || hostname === "0.0.0.0" ? "localhost" : hostname;
  return {
    address: `http://${shown}:${port}`,
    grpcAddress: grpc?.address ?? "",
    follow(next) {
      const made = createKeyring(next.keys);
      hostFor(hostname, made.locked);
      return () => {
        keys = made;
      };
    },
    async close() {
      await grpc?.close();
      const closed = once(server, "close");
      server.close();
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      const hurry = setTimeout(() => "closeAllConnections" in server && server.closeAllConnections(), 3_000);
      await closed;
      clearTimeout(hurry);
    },
  };
}

async function openGrpc(
  { role, grpc, port, grpc_port, limits }: Config,
  host: string,
  callers: Pick<GrpcOptions, "isKnown" | "fetch" | "onRefused">,
): Promise<GrpcServer | null> {
  if (!grpc || role === "monitor") return null;
  const bodyBytesMax = limits.body_bytes_max;
  return listenGrpc({ host, port: grpc_port ?? Math.max(0, port - 1), bodyBytesMax, ...callers });
}

/** Loopback without keys, so that nobody else can reach a sidecar that asks for none. */
function hostFor(host: string, locked: boolean): string {
  if (host === "") return locked ? "0.0.0.0" : "127.0.0.1";
  if (locked || host === "localhost" || host === "::1" || host.startsWith("127.")) return host;
  throw new PermanentError(
    `Cannot listen: 'host' must be a loopback address while there are no keys, got '${host}'`,
    {
      hint: "Add 'keys' to the configuration (docs/configuration.md)",
    },
  );
}

async function opened(server: ServerType, port: number, hostname: string): Promise<void> {
  try {
    await once(server, "listening");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new PermanentError(`Cannot listen: 'port' ${port} on '${hostname}' cannot be opened (${code})`, {
      cause,
      hint: "Another process may hold it, perhaps another sidecar; choose another with --port",
    });
  }
}

/** Everything behind the port. */
function createRoutes(parts: Parts, guard: Guard, troubles: () => string[]): Hono {
  const { config, clock, wallClock, journal, store, ingest, metrics } = parts;
  const { log, desk, filler, approvals, alerts } = parts;
  const app = new Hono();
  if (config.role !== "monitor") {
    for (const path of ["/v1/traces", "/v1/logs", "/v1/metrics"]) app.use(path, guard.requireScope("ingest"));
    app.on("POST", "/v1/runs", guard.requireScope("ingest"));
    const labelPaths = ["/v1/runs/:run_id/review", "/v1/runs/:run_id/outcome", "/v1/runs/:run_id/decision"];
    for (const path of [...labelPaths, "/v1/outcomes", "/v1/decisions"]) {
      app.on("POST", path, guard.requireScope("ingest", "review"));
    }
    const bodyBytesMax = config.limits.body_bytes_max;
    app.route(
      "/",
      collectorRoutes(ingest, {
        bodyBytesMax,
        onError: (error) => log.error({ err: error }, "Cannot take a request"),
      }),
    );
  }
  if (config.role === "collector") {
    app.use(async (c, next) =>
      ownPaths.has(c.req.path) ? next() : c.json({ error: { message: askMonitor } }, 404),
    );
  }
  app.use(
    bodyLimit({ maxSize: webBodyBytesMax, onError: (c) => c.json({ error: { message: tooLarge } }, 413) }),
  );
  app.onError((error, c) => {
    // Mostly clients that went away in the middle of their request.
    log.warn({ err: error }, "Cannot answer a request");
    return c.json({ error: { message: "Cannot answer: the request could not be read" } }, 400);
  });
  const watch = watchFor(parts);
  const web = webRoutes({
    store,
    journal,
    watch,
    canary: parts.canary,
    guard,
    clock,
    wallClock,
    metrics,
    desk,
    filler,
    approvals,
    criteria: (workflow) => workflowConfig(config, workflow).scorecard.map(toCriterion),
    readiness: (workflow) => toReadiness(workflowConfig(config, workflow).shadow),
    replayReject: (rejectId) => replayReject(parts, rejectId),
    forget: createForget(parts),
    routeName: (message) => routeName(config, message),
    retryDelivery: (key, actor) => alerts.retry(key, actor),
    slackActions: createSlackActions(parts, watch),
    problems: () => problems(parts),
    troubles,
    onBug: (error) => log.error({ err: error }, "Cannot answer a request"),
    version: version(),
  });
  app.route("/", web);
  return app;
}

function toReadiness({ decisions_min, agreement_min, fields, window_days }: WorkflowConfig["shadow"]) {
  return { decisionsMin: decisions_min, agreementMin: agreement_min, fields, windowDays: window_days };
}

function toCriterion(given: WorkflowConfig["scorecard"][number]): Criterion {
  return {
    metric: given.metric,
    field: given.field,
    atMost: given.at_most ?? null,
    atLeast: given.at_least ?? null,
    windowDays: given.window_days,
    runsMin: given.runs_min,
    windows: given.windows,
  };
}

/** The watch as people see it, with pausing and what the configuration says. */
function watchFor({ watch, alerts, trials, journal, config }: Parts): Watch {
  const order = ({ actor, reason }: Act, workflow: string) => ({ workflow, actor, reason });
  return {
    ...watch,
    workflows() {
      const seen = new Map(watch.seen().map((one) => [one.workflow, one.lastRunAtMs]));
      const names = [...new Set([...Object.keys(config.workflows), ...seen.keys()])].sort();
      return names.map((workflow) => {
        const { owner, pause, reads, writes } = workflowConfig(config, workflow);
        const dataMap = { reads, writes };
        return { workflow, owner, lastRunAtMs: seen.get(workflow) ?? null, pauseMode: pause.mode, dataMap };
      });
    },
    pause(workflow, act) {
      alerts.pauseWorkflow(order(act, workflow));
      return journal.pauses.get(workflow);
    },
    resume(workflow, act) {
      const { trial_runs: runs } = workflowConfig(config, workflow).pause;
      if (runs > 0) trials.start({ ...order(act, workflow), runs });
      else alerts.resumeWorkflow(order(act, workflow));
      return journal.pauses.get(workflow);
    },
  };
}

/** What keeps the sidecar from doing its work, in full sentences. */
async function problems({ store, writer, tablesFault, spool, config }: Parts): Promise<string[]> {
  const found: string[] = [];
  if (tablesFault() !== "") found.push(`${tablesFault()}; the spool keeps what arrives.`);
  const reached = await store.ping().catch(() => false);
  if (!reached) found.push("ClickHouse cannot be reached; the spool keeps what arrives.");
  const trouble = writer()?.trouble() ?? null;
  if (reached && trouble !== null) found.push(`ClickHouse does not take rows: ${trouble.message}.`);
  if (spool.size().bytes >= config.limits.spool_bytes_max)
    found.push("The spool is at its limit; runs are refused.");
  return found;
}
