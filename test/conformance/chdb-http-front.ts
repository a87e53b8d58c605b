/**
 * A ClickHouse server as far as `@clickhouse/client` can see, for tests: the HTTP interface over the embedded engine.
 * It runs as a process of its own, because a process can open one data folder only.
 *
 * Environment: DIR; USER_PASSWORD = `user:password` that calls must carry, if set; PORT, a free one if not set. Prints its port once
 * it listens.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { createGunzip, gzipSync } from "node:zlib";
import { type RawInsertFormat, Session } from "chdb";

const session = new Session(process.env.DIR ?? "");
const credentials = process.env.USER_PASSWORD;

/** URL parameters that are not settings. */
const notSettings =
  /^(query|query_id|database|session_id|default_format|wait_end_of_query|enable_http_compression|param_.*)$/;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/ping") {
    response.end("Ok.\n");
    return;
  }
  if (credentials !== undefined && !carries(request, credentials)) {
    fail(response, 516, "AUTHENTICATION_FAILED");
    return;
  }
  const database = url.searchParams.get("database") ?? "default";
  const settings = Object.fromEntries([...url.searchParams].filter(([name]) => !notSettings.test(name)));
  const plain = request.headers["content-encoding"] === "gzip" ? request.pipe(createGunzip()) : request;
  const body = await buffer(plain);
  const sql = url.searchParams.get("query");
  const insert = /^INSERT INTO (\w+)\s.*?FORMAT (\w+)\s*$/s.exec(sql ?? "");
  if (insert !== null) {
    await session.insert({
      table: `${database}.${insert[1] ?? ""}`,
      values: body,
      format: insert[2] as RawInsertFormat,
      settings,
    });
    response.end();
    return;
  }
  const params = Object.fromEntries(
    [...url.searchParams]
      .filter(([name]) => name.startsWith("param_"))
      .map(([name, value]) => [name.slice(6), value]),
  );
  const result = await run(sql ?? body.toString(), database, settings, params);
  const isGzip = String(request.headers["accept-encoding"]).includes("gzip");
  response.setHeader("x-clickhouse-format", "JSONEachRow");
  if (isGzip) response.setHeader("content-encoding", "gzip");
  response.end(isGzip ? gzipSync(result) : result);
}

// The engine keeps `USE` and `SET` for the session: statements must not come in between.
let last: Promise<unknown> = Promise.resolve();

function run(sql: string, database: string, settings: object, params: object): Promise<Uint8Array> {
  const turn = last.then(async () => {
    const sets = Object.entries(settings).map(([name, value]) => `SET ${name} = '${String(value)}'`);
    for (const statement of [`USE ${database}`, ...sets]) await session.queryAsync(statement);
    const result = await bound(sql, params);
    return result.bytes();
  });
  last = turn.catch(() => undefined);
  return turn;
}

function bound(sql: string, params: object) {
  if (Object.keys(params).length === 0) return session.queryAsync(sql);
  // The client escapes parameters for the URL form of the interface, which is what SET takes.
  const sets = Object.entries(params).map(
    ([name, value]) => `SET param_${name} = '${escapeLiteral(String(value))}'`,
  );
  return session.queryAsync(`${sets.join("; ")}; ${sql}`);
}

function escapeLiteral(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
}

function carries(request: IncomingMessage, expected: string): boolean {
  return request.headers.authorization === `Basic ${Buffer.from(expected).toString("base64")}`;
}

function fail(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code === 516 ? 403 : 500, { "x-clickhouse-exception-code": String(code) });
  response.end(text.startsWith("Code:") ? text : `Code: ${code}. DB::Exception: refused. (${text})`);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    fail(response, Number(/Code: (\d+)/.exec(text)?.[1] ?? 1002), text);
  });
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () =>
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
);
