import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "./alerts/ledger.ts";

/** Tells of damaged data that was moved aside, until a person has removed it. */
export async function setAsideProblem(data: string): Promise<Problem> {
  const journals = (await readdir(data)).filter((name) => /\.corrupt-\d+(-wal|-shm)?$/.test(name));
  const records = await namesIn(join(data, "spool", "quarantine"));
  const files = journals.length + records.length;
  const places = [
    ...journals.map((name) => `'${name}'`),
    ...(records.length > 0 ? ["'spool/quarantine'"] : []),
  ];
  return {
    problemId: "damage",
    text:
      files === 0
        ? "No damaged data is set aside any more"
        : `Damaged data was set aside in the data folder, in ${places.join(", ")}, and is missing. Remove it when it has been looked at`,
    solved: files === 0,
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
