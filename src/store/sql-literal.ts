/**
 * A text as SQL reads it between quotes. For the places that take no bound parameters: table functions, and mutations,
 * which are kept as text. Everything else binds its values.
 */
export function sqlLiteral(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
