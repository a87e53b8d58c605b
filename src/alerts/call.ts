import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from "node:dns";
import { type ClientRequest, type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { PermanentError, TransientError } from "../model/errors.ts";
import { within } from "../model/within.ts";
import { isPrivateAddress } from "./private-address.ts";

/** One HTTP request to somewhere outside. */
export interface HttpCall {
  method: "GET" | "POST" | "PATCH" | "PUT";
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Refuse addresses that are not public, as they are at the time of connecting. */
  publicOnly: boolean;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** There was more than is kept of an answer. */
  isCut: boolean;
}

/** Finds every address of a name. */
type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

interface CallOptions {
  timeoutMs: number;
  /** What is kept of an answer's body. */
  answerBytesMax?: number;
  lookup?: Lookup;
}

/** Makes one request. See `createCall`. */
export type Call = (call: HttpCall) => Promise<HttpAnswer>;

/**
 * Creates the one way out to other people's servers: no redirects are followed, nothing is kept open, and the
 * address that was checked is the address that is connected to.
 *
 * @param options.timeoutMs For the whole exchange.
 * @param options.answerBytesMax What is kept of an answer's body; 64 KiB where it is left out.
 * @param options.lookup Finds the addresses of a name; the system's resolver where it is left out.
 * @throws {PermanentError} from a call: the URL is not http or https, or its address is refused.
 * @throws {TransientError} from a call: no answer.
 */
export function createCall({ timeoutMs, answerBytesMax = 64 * 1024, lookup = dnsLookup }: CallOptions): Call {
  const publicLookup = createPublicLookup(lookup);
  return function call({ method, url, headers, body, publicOnly }) {
    const target = parseUrl(url);
    const host = target.hostname.replace(/^\[|\]$/g, "");
    // An address in the URL itself is never looked up.
    if (publicOnly && isIP(host) !== 0 && isPrivateAddress(host)) return Promise.reject(refused());
    const request = target.protocol === "https:" ? httpsRequest : httpRequest;
    return within(timeoutMs, (signal) => {
      const sent = request(target, {
        method,
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        agent: false,
        signal,
        ...(publicOnly ? { lookup: publicLookup } : {}),
      });
      const answer = answerTo(sent, answerBytesMax);
      sent.end(body);
      return answer;
    });
  };
}

function answerTo(sent: ClientRequest, bytesMax: number): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    sent.on("error", (error) => reject(asFault(error)));
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        if (bytes < bytesMax) chunks.push(chunk.subarray(0, bytesMax - bytes));
        bytes += chunk.length;
      });
      response.on("error", (error) => reject(asFault(error)));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
          isCut: bytes > bytesMax,
        }),
      );
    });
  });
}

/** Looks a name up once and refuses it if any of its addresses is not public. */
function createPublicLookup(lookup: Lookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      // With an error there are no addresses at all, whatever the type says.
      const addresses = error === null ? found : [];
      const [first] = addresses;
      if (error !== null) callback(error, "", 0);
      else if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address)))
        callback(refused(), "", 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function parseUrl(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : null;
  if (target === null || !/^https?:$/.test(target.protocol))
    throw new PermanentError("Cannot call URL: it must be an http or https URL");
  return target;
}

function refused(): PermanentError {
  return new PermanentError("Cannot call URL: its address is not public", {
    hint: "Set 'allow_private_webhooks: true' if it is meant to be reached",
  });
}

function asFault(error: Error): Error {
  if (error instanceof PermanentError) return error;
  const code = "code" in error ? String(error.code) : error.name;
  return new TransientError(`Cannot get an answer: ${code}`, { cause: error });
}
