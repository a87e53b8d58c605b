import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const unzip = promisify(gunzip);

/** What reading a request's body came to. */
export type BodyResult =
  | { kind: "body"; bytes: Uint8Array }
  | { kind: "refused"; status: 400 | 413 | 415; reason: string };

/**
 * Reads a request's body, plain or gzip, and never holds more than `bytesMax` of it, before or after decompression.
 */
export async function readBody(request: Request, bytesMax: number): Promise<BodyResult> {
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "") {
    return refused(415, "Cannot read the body: the content encoding must be gzip or identity");
  }
  const tooLarge = refused(413, `Cannot read the body: it is larger than ${bytesMax} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) return tooLarge;
  const bytes = await readCapped(request, bytesMax);
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

/** The length is not to be trusted, and a chunked body has none: count while reading. */
async function readCapped(request: Request, bytesMax: number): Promise<Uint8Array | null> {
  if (request.headers.has("content-length")) return Buffer.from(await request.arrayBuffer());
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
