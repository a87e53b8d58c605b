import { once } from "node:events";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";

/**
 * Starts an OTLP/HTTP receiver that keeps every body as it came. Text stays text, protobuf becomes base64; gzip is
 * undone, and `headers` say that it was there.
 *
 * @param {(bytes: Buffer) => Buffer} strip removes what belongs to this machine, without changing any length.
 */
export async function startRecorder(strip) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const type = request.headers["content-type"] ?? "";
    if (!request.url.startsWith("/v1/") || request.url === "/v1/metrics") return void response.end("{}");
    const encoding = request.headers["content-encoding"] ?? "identity";
    const bytes = strip(encoding === "gzip" ? gunzipSync(raw) : raw);
    const isText = type.startsWith("application/json");
    requests.push({
      path: request.url,
      headers: { "content-type": type, "content-encoding": encoding },
      [isText ? "text" : "base64"]: bytes.toString(isText ? "utf8" : "base64"),
    });
    response.writeHead(200, { "content-type": type });
    response.end(isText ? "{}" : undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    take: () => requests.splice(0),
    close: () => server.close(),
  };
}
