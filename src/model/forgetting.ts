/** A value that is to be forgotten: how it is recognised in text, and what stands there afterwards. */
export interface Forgetting {
  /** The forms in which the value may be stored: as given, and as redaction leaves it. */
  forms: readonly string[];
  /** Matches a text that holds one of the forms as a whole word, in the common syntax of RE2 and JavaScript. */
  pattern: string;
  matches: (text: string) => boolean;
  /** The text with every form replaced. */
  rewrite: (text: string) => string;
}

const special = /[.*+?^${}()|[\]\\/]/g;
/** What may stand before a form: no letter or digit, or an escape of JSON that ends in one. */
const before = String.raw`(?:^|[^\p{L}\p{N}]|\\[bfnrt]|\\u[0-9a-fA-F]{4})`;
const after = String.raw`(?:$|[^\p{L}\p{N}])`;

/**
 * Prepares to forget a value. It is found as a whole word, whatever the case, with its accents composed or apart, also
 * where JSON, or JSON inside JSON, spells it with escapes, be it in ASCII alone as Python does.
 *
 * @param replacement stands where the value stood; the same for every place, so that counts stay apart from others.
 */
export function createForgetting(forms: readonly string[], replacement: string): Forgetting {
  const spelled = new Set(forms.flatMap(spellings));
  // The longest first: a form may begin with another.
  const ordered = [...spelled].sort((a, b) => b.length - a.length);
  const words = ordered.map((one) => one.replace(special, String.raw`\$&`)).join("|");
  const pattern = `${before}(?:${words})${after}`;
  const found = new RegExp(pattern, "iu");
  const each = new RegExp(`(?<=${before})(?:${words})(?=${after})`, "giu");
  return {
    forms,
    pattern: `(?i)${pattern}`,
    matches: (text) => found.test(text),
    rewrite: (text) => text.replace(each, replacement),
  };
}

function spellings(form: string): string[] {
  return [form, form.normalize("NFC"), form.normalize("NFD")].flatMap((text) => {
    const once = escaped(text);
    const ascii = inAscii(once);
    return [text, once, escaped(once), ascii, escaped(ascii)];
  });
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function inAscii(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
