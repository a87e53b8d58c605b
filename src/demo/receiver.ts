import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

/** A webhook whose signature was right. */
export interface VerifiedCall {
  /** The same for every attempt of one message. */
  id: string;
  type: string;
  data: unknown;
}

/** A server that takes webhooks as an owner's own would. */
export interface WebhookReceiver {
  url: string;
  close(): Promise<void>;
}

const bodyBytesMax = 64 * 1024;

/**
 * Opens a receiver on a free port of loopback. It verifies the Standard Webhooks signature, answers 204 and
 * reports the call; it refuses anything else with 401.
 *
 * @param secret `whsec_` and base64, as in the sidecar's configuration.
 */
export async function openWebhookReceiver(
  secret: string,
  onCall: (call: VerifiedCall) => void,
): Promise<WebhookReceiver> {
  const webhook = new Webhook(secret);
  const server = createServer((request, response) => {
    readBody(request)
      .then((body) => {
        onCall(verify(webhook, request, body));
        response.writeHead(204).end();
      })
      .catch(() => response.writeHead(401).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @throws If the signature is wrong or too old. */
function verify(webhook: Webhook, request: IncomingMessage, body: string): VerifiedCall {
  const header = (name: string): string => String(request.headers[name] ?? "");
  const id = header("webhook-id");
  const message = webhook.verify(body, {
    "webhook-id": id,
    "webhook-timestamp": header("webhook-timestamp"),
    "webhook-signature": header("webhook-signature"),
  }) as { type?: unknown; data?: unknown };
  return { id, type: String(message.type), data: message.data };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new RangeError("Cannot read the webhook: the body is over 64 KiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
