import { halve, type Parcel } from "./batch.ts";
import type { Send } from "./send.ts";
import { countDrop, type Stats } from "./stats.ts";

/** What a delivery is built from. */
export interface DeliveryParts {
  send: Send;
  /** What goes before encoded items of so many bytes to make a request of them. */
  requestHead: (bytes: number) => Uint8Array;
  stats: Stats;
}

const backoffMsMin = 500;
const backoffMsMax = 30_000;

/** Brings parcels to the sidecar, for as long as that takes. */
export class Delivery {
  readonly #parts: DeliveryParts;
  #wake: () => void = () => undefined;
  #abandoned = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Resolves once the sidecar has taken the items or refused them for good; both are counted. */
  async deliver(parcel: Parcel): Promise<void> {
    const { send, requestHead, stats } = this.#parts;
    const { signal, bytes, ends } = parcel;
    const body = [requestHead(bytes.length), bytes];
    for (let attempt = 0; !this.#abandoned; attempt += 1) {
      const result = await send(signal, body);
      switch (result.kind) {
        case "accepted":
          stats.delivered += ends.length;
          stats.rejected += result.rejected;
          return;
        case "retry":
          stats.retries += 1;
          await this.#pause(result.retryAfterMs ?? backoffMs(attempt));
          continue;
        case "too_large":
          if (ends.length > 1) {
            for (const half of halve(parcel)) await this.deliver(half);
          } else {
            countDrop(stats, "refused");
          }
          return;
        case "refused":
          countDrop(stats, "refused", ends.length);
          return;
      }
    }
    countDrop(stats, "shut_down", ends.length);
  }

  /** Ends a pause between two attempts. */
  wake(): void {
    this.#wake();
  }

  /** Gives up on what is not delivered yet, and on everything after it. */
  abandon(): void {
    this.#abandoned = true;
    this.#wake();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Doubles from half a second to half a minute, a tenth either way, so that hosts do not come back together. */
function backoffMs(attempt: number): number {
  return Math.min(backoffMsMin * 2 ** attempt, backoffMsMax) * (0.9 + Math.random() * 0.2);
}
