import { createHmac } from "node:crypto";
import type { SecretForm } from "./secrets.ts";
import { secretForms } from "./secrets.ts";
import { readSigns, secretSigns, sign } from "./signs.ts";

/** Replaces secrets and personal data in text. */
export interface TextRedactor {
  /** The text without what the patterns find. `signs` are those of the text, where they are known. */
  text(value: string, signs?: number): string;
  /** A whole value replaced, whatever it looks like: `[name:hash]`. A replacement is left as it is. */
  whole(name: string, value: string): string;
}

const replacement = /^\[[a-z_]+:[0-9a-f]{8}\]$/;

/**
 * Creates the redactor of plain text. A secret becomes `[email:9f2c41aa]`: the form, and eight hex digits of an
 * HMAC-SHA256, so that equal values stay equal and countable while nobody without the key can test a guess.
 *
 * @param key The HMAC key; keep it with the data, or redacted values stop matching their history.
 */
export function createTextRedactor(key: string): TextRedactor {
  const hash = (value: string) => createHmac("sha256", key).update(value).digest("hex").slice(0, 8);
  const replace = (name: string, value: string) => `[${name}:${hash(value)}]`;
  return {
    text(value, signs = readSigns(value)) {
      if ((signs & secretSigns) === 0) return value;
      let clean = value;
      for (const form of secretForms) {
        if (signs & sign[form.sign]) clean = applyForm(clean, form, replace);
      }
      return clean;
    },
    whole: (name, value) => (replacement.test(value) ? value : replace(name, value)),
  };
}

function applyForm(text: string, form: SecretForm, replace: (name: string, value: string) => string): string {
  return text.replace(form.pattern, (match: string, first: unknown) => {
    const kept = typeof first === "string" ? first : "";
    const secret = match.slice(kept.length);
    if (form.confirm?.(secret, kept) === false) return match;
    return kept + replace(form.name, form.name === "email" ? secret.toLowerCase() : secret);
  });
}
