import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/**
 * Text as customers write it: a walk over the word pairs of 3,080 real support messages (`demo/data`), so that it
 * compresses about as badly as real text does, which a few words over and over would not.
 *
 * @returns a function that gives about so many characters, the same for the same seed.
 */
export function createRealText(): (characters: number, seed: number) => string {
  const file = new URL("../demo/data/banking77-test.csv.gz", import.meta.url);
  const words = gunzipSync(readFileSync(file))
    .toString()
    .replace(/[",]/g, " ")
    .split(/\s+/)
    .filter((word) => word !== "" && !word.includes("_"));
  const followers = new Map<string, string[]>();
  words.forEach((word, at) => {
    const next = words[at + 1] ?? "please";
    const known = followers.get(word);
    if (known === undefined) followers.set(word, [next]);
    else known.push(next);
  });
  return (characters, seed) => {
    const random = createRandom(seed);
    let word = words[random() % words.length] ?? "my";
    let text = word;
    while (text.length < characters) {
      const next = followers.get(word) ?? words;
      word = next[random() % next.length] ?? "card";
      text += ` ${word}`;
    }
    return text;
  };
}

/** Whole numbers below 2^32 (xorshift, Marsaglia 2003). */
export function createRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
