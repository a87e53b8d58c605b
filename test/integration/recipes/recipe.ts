import { readFile } from "node:fs/promises";

const folder = new URL("../../../docs/recipes/", import.meta.url);

/** The fenced blocks of one language in a recipe, in order. */
export async function blocksOf(recipe: string, language: string): Promise<string[]> {
  const text = await readFile(new URL(recipe, folder), "utf8");
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , block = ""]) => block);
}
