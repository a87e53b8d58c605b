import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";

const unzip = promisify(gunzip);

/** What reading a request's body came to. */
export type BodyResult =
  | { kind: "body"; bytes: Uint8Array }
  | { kind: "refused"; status: 400 | 413 | 415; reason: string };

/**
 * Reads a request's body, plain or gzip, and never holds more than `bytesMax` of it, before or after decompression.
 */
export async function readBody(context: Context, bytesMax: number): Promise<BodyResult> {
  const request = context.req.raw;
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "") {
    return refused(415, "Cannot read the body: the content encoding must be gzip or identity");
  }
  const tooLarge = refused(413, `Cannot read the body: it is larger than ${bytesMax} bytes`);
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > bytesMax) return tooLarge;
  const bytes = length === null ? await readChunked(request, bytesMax) : await readWhole(context);
  if (bytes === null) return tooLarge;
  if (encoding !== "gzip") return { kind: "body", bytes };
  try {
    return { kind: "body", bytes: await unzip(bytes, { maxOutputLength: bytesMax }) };
  } catch (error) {
    if (error instanceof RangeError) return tooLarge;
    return refused(400, "Cannot read the body: it is not gzip");
  }
}

function refused(status: 400 | 413 | 415, reason: string): BodyResult {
  return { kind: "refused", status, reason };
}

/** A body whose length is known, and held to by node. */
async function readWhole(context: Context): Promise<Uint8Array> {
  // A request that did not come over HTTP/1, as one of gRPC, has no such thing.
  const incoming = (context.env as Partial<HttpBindings> | undefined)?.incoming;
  return incoming === undefined ? Buffer.from(await context.req.raw.arrayBuffer()) : readIncoming(incoming);
}

/** Reads node's own stream, since a `Request` copies the whole body once more. */
function readIncoming(incoming: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const onClose = () => {
      if (!incoming.readableEnded) reject(new Error("Cannot read the body: the client went away"));
    };
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    incoming.on("error", reject);
    incoming.on("close", onClose);
    if (incoming.destroyed) onClose();
  });
}

/** A chunked body has no length: count while reading. */
async function readChunked(request: Request, bytesMax: number): Promise<Uint8Array | null> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
