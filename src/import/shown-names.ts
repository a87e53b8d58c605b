const namesMax = 50;
const lengthMax = 100;

/** Names out of a file as a terminal may show them: without what it would take for commands, and not without end. */
export function shownNames(names: readonly string[]): string {
  const shown = names
    .slice(0, namesMax)
    .map((name) => `'${name.slice(0, lengthMax).replace(/\p{C}/gu, "?")}'`);
  const more = names.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
