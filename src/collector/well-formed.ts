declare global {
  interface String {
    /** In Node 20 (V8), though not in the ES2023 library that the project compiles against. */
    isWellFormed(): boolean;
    toWellFormed(): string;
  }
}

/**
 * Replaces lone surrogates (half an emoji, cut by someone else) by U+FFFD. JSON.stringify writes them as an escape
 * that ClickHouse refuses, and one such row would fail its whole batch.
 */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}
