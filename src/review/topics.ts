import { compilePattern } from "../model/linear-pattern.ts";

/** A topic that must not be acted upon without a person: the built-in words and patterns of each. English. */
const builtIn: Record<string, { words: readonly string[]; patterns: readonly string[] }> = {
  money: {
    words: [
      "bank account",
      "bank transfer",
      "chargeback",
      "compensation",
      "credit note",
      "direct debit",
      "discount",
      "invoice",
      "pay",
      "payment",
      "payout",
      "price",
      "refund",
      "reimburse",
      "reimbursement",
      "salary",
      "wire transfer",
    ],
    patterns: [
      String.raw`[$€£¥]\s?\d`,
      String.raw`\d\s?(?:usd|eur|gbp|chf|jpy)\b`,
      String.raw`\b(?:usd|eur|gbp|chf|jpy)\s?\d`,
      String.raw`\b[a-z]{2}\d{2}(?:\s?[a-z0-9]{4}){3,7}\b`,
      "\\biban\\b",
    ],
  },
  contracts: {
    words: [
      "agreement",
      "amendment",
      "cancellation",
      "clause",
      "contract",
      "lease",
      "liability",
      "nda",
      "renewal",
      "signature",
      "terminate",
      "termination",
      "terms and conditions",
      "warranty",
    ],
    patterns: [],
  },
  security: {
    words: [
      "api key",
      "breach",
      "credential",
      "encryption",
      "exploit",
      "firewall",
      "malware",
      "phishing",
      "private key",
      "ransomware",
      "secret key",
      "security",
      "vulnerability",
      "vulnerabilities",
    ],
    patterns: [String.raw`\bcve-\d{4}-\d+`],
  },
  account_access: {
    words: [
      "2fa",
      "access right",
      "account deletion",
      "admin",
      "close my account",
      "delete my account",
      "locked out",
      "log in",
      "login",
      "mfa",
      "one-time code",
      "password",
      "permission",
      "role change",
      "sign in",
      "two-factor",
      "unlock",
    ],
    patterns: [],
  },
};

/** Names of the topics that bring words of their own. */
export const builtInTopics: readonly string[] = Object.keys(builtIn);

/** Looks for topics in a text. */
export type TopicFinder = (text: string) => string[];

/**
 * Compiles topics. A word is found as a whole word, in any case, also in its plural and common endings; a word between
 * slashes is a regular expression (`/\bsue[ds]?\b/`).
 *
 * @param topics The owner's words by topic; a built-in topic adds its own.
 */
export function createTopicFinder(topics: Readonly<Record<string, readonly string[]>>): TopicFinder {
  const compiled = Object.entries(topics).map(([name, own]) => ({ name, signs: signsOf(name, own) }));
  return (text) => {
    const plain = plainText(text);
    return compiled
      .filter(({ signs }) => signs.some((isIn) => isIn(text) || isIn(plain)))
      .map(({ name }) => name);
  };
}

type Sign = (text: string) => boolean;

function signsOf(name: string, own: readonly string[]): Sign[] {
  const known = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  const words = [...(known?.words ?? []), ...own.filter((word) => patternIn(word) === null)];
  const alternatives = words.map((word) =>
    word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+"),
  );
  const whole = `(?<![\\p{L}\\p{N}])(?:${alternatives.join("|")})(?:s|es|d|ed|ing)?(?![\\p{L}\\p{N}])`;
  const ours = [...(words.length === 0 ? [] : [whole]), ...(known?.patterns ?? [])].map((source): Sign => {
    const pattern = new RegExp(source, "iu");
    return (text) => pattern.test(text);
  });
  const theirs = own.flatMap((word) => patternIn(word) ?? []).map(ownSign);
  return [...ours, ...theirs];
}

/** An owner's pattern. A text for which it would take too long counts as one that has it: a person shall look. */
function ownSign(source: string): Sign {
  const outcome = compilePattern(source, "iu");
  // The configuration refused it already.
  if (outcome.kind === "refused") throw new Error(`Cannot compile a pattern: it must be ${outcome.why}`);
  return (text) => outcome.pattern.test(text) ?? true;
}

/** The regular expression in a word between slashes; null for any other word. */
export function patternIn(word: string): string | null {
  return word.length > 2 && word.startsWith("/") && word.endsWith("/") ? word.slice(1, -1) : null;
}

/** `refundAmount` and `refund_amount` are two words each. */
function plainText(text: string): string {
  return text.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").replace(/[_-]/g, " ");
}
