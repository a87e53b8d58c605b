import { hash } from "node:crypto";

/** Texts that are remembered, to tell equal records of one file apart. */
const textsMax = 200_000;

/** Gives runs without an id one that is the same whenever the file is read again. */
export type DeriveRunId = (text: string) => string;

/**
 * Creates the ids of one file: a hash of workflow, record, and how often the same record came before. Equal records
 * stay distinct, and a file that was sorted anew or has grown is recognised all the same. Of the record's place in the file
 * nothing goes in.
 *
 * Memory is bounded: of records that lie more than 200,000 distinct ones apart, the later is taken for the earlier.
 */
export function createRunIds(workflow: string): DeriveRunId {
  const seen = new Map<string, number>();
  return (text) => {
    const key = hash("sha256", `${workflow}\0${text}`, "base64url").slice(0, 22);
    const before = seen.get(key) ?? 0;
    seen.delete(key);
    seen.set(key, before + 1);
    if (seen.size > textsMax) {
      const [oldest] = seen.keys();
      if (oldest !== undefined) seen.delete(oldest);
    }
    return before === 0 ? `import-${key}` : `import-${key}-${before}`;
  };
}
