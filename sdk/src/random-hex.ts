import { randomBytes } from "node:crypto";

/** Gives so many random bytes as hexadecimal text. */
export type RandomHex = (bytes: number) => string;

const poolBytes = 4096;

/** Builds a source of ids that draws from a pool, since each visit to the system's own source costs. */
export function createRandomHex(): RandomHex {
  let pool = "";
  return (bytes) => {
    const length = bytes * 2;
    if (pool.length < length) pool = randomBytes(poolBytes).toString("hex");
    const text = pool.slice(0, length);
    pool = pool.slice(length);
    return text;
  };
}
