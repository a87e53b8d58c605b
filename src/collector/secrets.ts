/** One form of secret or personal data in text. */
export interface SecretForm {
  /** The word in the replacement: `[email:9f2c41aa]`. */
  name: string;
  /** Which cheap sign must be present for the pattern to be tried (see `signs.ts`). */
  sign: "at" | "digits" | "token" | "assignment";
  /** Global. Every repetition is bounded, so that no text makes it slow. Group 1, if any, is kept in front. */
  pattern: RegExp;
  /** Confirms a match; `secret` is the match without what is kept in front. */
  confirm?: (secret: string, kept: string) => boolean;
}

/** Matches a key's name that says its value is a secret. The key is in lower case, without `_`, `-` and spaces. */
export const secretKey =
  /(?:password|passwd|passphrase|passcode|secret|apikey|secretkey|accesskey|accesskeyid|privatekey|authorization|credential|token|cookie)s?$|^(?:pwd|pass|cvv|cvc|ssn|pin|auth)$/;

/** Keys that `secretKey` matches but whose numbers are counts, as `prompt_tokens`. */
export const countingKey = /tokens?$/;

/** Of those, keys whose lists and objects hold words or counts, as `tokens: ["the", "cat"]`. */
export const countedKey =
  /^(?:(?:prompt|completion|input|output|total|cached?|reasoning|max|num|used|usage)tokens?|tokens)$/;

/** Keys whose value is a phone number, whatever it looks like. */
export const phoneKey =
  /^(?:home|work|mobile|cell|contact|customer|office)?(?:phone|mobile|telephone|tel|fax)(?:no|number)?$/;

const prefixed = [
  String.raw`(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}`,
  String.raw`gh[pousr]_[A-Za-z0-9]{30,255}`,
  String.raw`github_pat_[A-Za-z0-9_]{22,255}`,
  String.raw`gl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{16,255}`,
  String.raw`xox[abeoprs]-[A-Za-z0-9-]{10,255}`,
  String.raw`xapp-[A-Za-z0-9-]{10,255}`,
  String.raw`sk-(?:ant-|proj-|svcacct-|admin-|or-)?[A-Za-z0-9_-]{20,255}`,
  String.raw`[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}`,
  String.raw`whsec_[A-Za-z0-9+/=]{16,255}`,
  String.raw`AIza[0-9A-Za-z_-]{35}`,
  String.raw`ya29\.[0-9A-Za-z_-]{20,512}`,
  String.raw`GOCSPX-[0-9A-Za-z_-]{20,64}`,
  String.raw`hf_[A-Za-z0-9]{30,64}`,
  String.raw`npm_[A-Za-z0-9]{36}`,
  String.raw`pypi-[A-Za-z0-9_-]{50,512}`,
  String.raw`SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}`,
  String.raw`(?:shpat|shpss|shpca|shppa)_[a-fA-F0-9]{32}`,
  String.raw`do[opr]_v1_[a-f0-9]{64}`,
  String.raw`(?:gsk|xai|pplx|tvly|r8|lin_api|nvapi|dapi|PMAK|glsa|vercel)[_-][A-Za-z0-9_-]{24,255}`,
  String.raw`hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,255}`,
].join("|");

const assigned = String.raw`password|passwd|passphrase|passcode|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|credentials?|authorization|cookies?`;
const quotedValue = String.raw`\\*"(?:[^"\\]|\\(?!")[\s\S]){1,512}\\*"|'[^'\n]{1,512}'`;

/** Every form, tried in this order: the most telling first. None matches inside the replacement of another. */
export const secretForms: readonly SecretForm[] = [
  {
    name: "private_key",
    sign: "token",
    pattern:
      /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]{0,16384}?-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[\s\S]*)/g,
  },
  {
    name: "jwt",
    sign: "token",
    pattern: /\beyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,8192}(?:\.[A-Za-z0-9_-]{0,4096})?/g,
  },
  { name: "token", sign: "token", pattern: new RegExp(String.raw`(?<![A-Za-z0-9])(?:${prefixed})`, "g") },
  {
    name: "authorization",
    sign: "token",
    pattern: /(\bBearer\s{1,4})[A-Za-z0-9._~+/=-]{16,4096}/gi,
    confirm: (secret) => /\d/.test(secret),
  },
  {
    name: "authorization",
    sign: "assignment",
    pattern: /(\bBasic\s{1,4})[A-Za-z0-9+/]{6,1024}={0,2}/gi,
    confirm: isBasicCredentials,
  },
  {
    name: "credentials",
    sign: "at",
    pattern: /(\b[a-z][a-z0-9+.-]{1,20}:\/\/)(?!\[)[^\s:@/"']{0,256}:[^\s@/"']{1,256}(?=@)/gi,
  },
  {
    name: "secret",
    sign: "assignment",
    pattern: new RegExp(
      String.raw`((?<![\[\w-])[A-Za-z0-9_-]{0,40}(?:${assigned})\\*["']?\s{0,4}(?:=>|=|:)\s{0,4}(?:\[\s{0,4}(?=\\*["']))?)(?:${quotedValue}|[^\s"',;&})\]]{4,512})`,
      "gi",
    ),
    confirm: isAssignedSecret,
  },
  {
    name: "secret",
    sign: "assignment",
    pattern: /(\b(?:password|passcode|pin)\s{1,4}(?:is|was)\s{1,4}["']?)[^\s"'[][^\s"']{3,127}/gi,
    confirm: (secret) => /\d/.test(secret),
  },
  {
    name: "email",
    sign: "at",
    pattern: /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,6}\.\p{L}{2,24}/gu,
  },
  {
    name: "iban",
    sign: "digits",
    pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g,
    confirm: isIban,
  },
  {
    name: "card",
    sign: "digits",
    pattern: /(?<![\d,-]|\d\.)\d(?:[ -]?\d){12,18}(?![\d]|[.,]\d)/g,
    confirm: isCardNumber,
  },
  { name: "phone", sign: "digits", pattern: /(?<![\w+])\+[1-9](?:[ .()/-]{0,3}\d){7,14}(?!\d)/g },
  {
    name: "phone",
    sign: "digits",
    pattern: /(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[.-]\d{4}(?![\d.-])/g,
  },
  {
    name: "phone",
    sign: "digits",
    pattern: /(?<![\w./-]|\d )\(?0[1-9]\d{1,3}\)?[ -]\d{3,4}[ -]?\d{3,4}(?![\w/-]| \d)/g,
  },
  { name: "phone", sign: "digits", pattern: /(?<![\w./-])07\d{3} ?\d{3} ?\d{3}(?![\w/-])/g },
  {
    name: "phone",
    sign: "digits",
    pattern:
      /((?<![\[\w])(?:tel|telephone|phone|mobile|cell|fax|call|whatsapp)\b[^\w\n]{0,5}(?:(?:no|number|is|me|at|on)\b[^\w\n]{0,3}){0,2})\d(?:[ .()/-]{0,2}\d){6,14}(?!\d)/gi,
  },
];

function isBasicCredentials(secret: string): boolean {
  return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(secret, "base64").toString("latin1"));
}

/** An unquoted word behind a colon is prose ("password: please reset") unless it looks made by a machine. */
function isAssignedSecret(secret: string, kept: string): boolean {
  if (/^\\*["']?\[[a-z_]+:[0-9a-f]{8}\]?/.test(secret)) return false;
  if (/^\\*["']/.test(secret) || kept.includes("=")) return true;
  return (
    /\d/.test(secret) || /[^\w.?!-]/.test(secret) || (/[a-z]/.test(secret) && /[A-Z]/.test(secret.slice(1)))
  );
}

// The countries of the IBAN registry. Without them, one in 97 of the invoice numbers with two letters would match.
const ibanCountries = new Set(
  (
    "AD AE AL AT AZ BA BE BG BH BI BR BY CH CR CY CZ DE DJ DK DO EE EG ES FI FK FO FR GB GE GI GL GR GT HR HU IE IL IQ " +
    "IS IT JO KW KZ LB LC LI LT LU LV LY MC MD ME MK MN MR MT MU NI NL NO OM PK PL PS PT QA RO RS RU SA SC SD SE SI SK " +
    "SM SO ST SV TL TN TR UA VA VG XK YE"
  ).split(" "),
);

/** ISO 13616: the number, letters as 10 to 35 and the first four characters moved to the end, is 1 modulo 97. */
function isIban(text: string): boolean {
  const iban = text.replaceAll(" ", "");
  if (iban.length < 15 || iban.length > 34 || !ibanCountries.has(iban.slice(0, 2))) return false;
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

// Visa's old 13 digits are left out: an article number (EAN-13) looks the same.
const cardForm =
  /^(?:4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d{2}|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d{2})\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17})$/;

/** A number of a card scheme's length and range that passes the Luhn check (ISO/IEC 7812). */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  if (!cardForm.test(digits)) return false;
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
