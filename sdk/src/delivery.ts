import type { OtlpSignal, Send } from "./send.ts";
import { countDrop, type Stats } from "./stats.ts";

/** What a delivery is built from. */
export interface DeliveryParts {
  send: Send;
  /** Puts encoded items of one signal into one request body. */
  envelope: (chunks: readonly Buffer[]) => Buffer;
  stats: Stats;
}

const backoffMsMin = 500;
const backoffMsMax = 30_000;

/** Brings encoded items to the sidecar, for as long as that takes. */
export class Delivery {
  readonly #parts: DeliveryParts;
  #wake: () => void = () => undefined;
  #abandoned = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Resolves once the sidecar has taken the items or refused them for good; both are counted. */
  async deliver(signal: OtlpSignal, chunks: readonly Buffer[]): Promise<void> {
    const { send, envelope, stats } = this.#parts;
    const body = envelope(chunks);
    for (let attempt = 0; !this.#abandoned; attempt += 1) {
      const result = await send(signal, body);
      switch (result.kind) {
        case "accepted":
          stats.delivered += chunks.length;
          stats.rejected += result.rejected;
          return;
        case "retry":
          stats.retries += 1;
          await this.#pause(result.retryAfterMs ?? backoffMs(attempt));
          continue;
        case "too_large":
          if (chunks.length > 1) return this.#deliverHalves(signal, chunks);
          countDrop(stats, "refused");
          return;
        case "refused":
          countDrop(stats, "refused", chunks.length);
          return;
      }
    }
    countDrop(stats, "shut_down", chunks.length);
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

  async #deliverHalves(signal: OtlpSignal, chunks: readonly Buffer[]): Promise<void> {
    const half = chunks.length >> 1;
    await this.deliver(signal, chunks.slice(0, half));
    await this.deliver(signal, chunks.slice(half));
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
