import { createRandom, type Random } from "../../fuzz/random.ts";

/** A secret as it is planted, and what of it must be found nowhere afterwards. */
export interface Secret {
  kind: string;
  /** The text that goes in. */
  text: string;
  /** The part that gives it away. */
  leak: string;
  /** The name of the member that holds it, where only its name tells what it is; "" elsewhere. */
  name: string;
}

const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const lower = upper.toLowerCase();
const digits = "0123456789";
const alphanumeric = upper + lower + digits;

const tokens: Record<string, (random: Random) => string> = {
  aws_access_key: (r) => `AKIA${r.text(upper + digits, 16)}`,
  github_token: (r) => `ghp_${r.text(alphanumeric, 36)}`,
  github_fine_grained: (r) => `github_pat_${r.text(alphanumeric, 60)}`,
  gitlab_token: (r) => `glpat-${r.text(alphanumeric, 20)}`,
  slack_bot_token: (r) => `xoxb-${r.text(digits, 12)}-${r.text(alphanumeric, 24)}`,
  slack_webhook: (r) =>
    `https://hooks.slack.com/services/T${r.text(upper, 8)}/B${r.text(upper, 8)}/${r.text(alphanumeric, 24)}`,
  openai_key: (r) => `sk-proj-${r.text(alphanumeric, 48)}`,
  anthropic_key: (r) => `sk-ant-api03-${r.text(alphanumeric, 60)}`,
  stripe_key: (r) => `sk_live_${r.text(alphanumeric, 24)}`,
  webhook_secret: (r) => `whsec_${r.text(alphanumeric, 32)}`,
  google_api_key: (r) => `AIza${r.text(alphanumeric, 35)}`,
  google_oauth: (r) => `ya29.${r.text(alphanumeric, 60)}`,
  hugging_face: (r) => `hf_${r.text(alphanumeric, 34)}`,
  npm_token: (r) => `npm_${r.text(alphanumeric, 36)}`,
  sendgrid_key: (r) => `SG.${r.text(alphanumeric, 22)}.${r.text(alphanumeric, 43)}`,
  jwt: (r) => `eyJ${r.text(alphanumeric, 30)}.${r.text(alphanumeric, 40)}.${r.text(alphanumeric, 43)}`,
  email: (r) => `${r.text(lower, 8)}.${r.text(lower, 6)}@${r.text(lower, 9)}.example`,
  card_number: (r) => luhn(`4${r.text(digits, 14)}`),
  iban: (r) => iban("DE", r.text(digits, 18)),
  international_phone: (r) => `+49 ${r.pick(["151", "170", "30"])} ${r.text("123456789", 7)}`,
};

/** Texts around a secret that give it away. */
const phrases: Record<string, (random: Random) => [text: string, leak: string]> = {
  private_key: (r) => {
    const body = r.text(alphanumeric, 64);
    return [`-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`, body];
  },
  bearer: (r) => around(r.text(alphanumeric, 24) + r.text(digits, 4), (s) => `Authorization: Bearer ${s}`),
  basic: (r) =>
    around(
      Buffer.from(`${r.text(lower, 8)}:${r.text(alphanumeric, 12)}`).toString("base64"),
      (s) => `Basic ${s}`,
    ),
  url_credentials: (r) => around(r.text(alphanumeric, 14), (s) => `postgres://app:${s}@db.internal:5432/app`),
  assignment: (r) => around(r.text(alphanumeric, 12) + r.text(digits, 2), (s) => `password=${s}`),
  quoted_assignment: (r) => around(r.text(alphanumeric, 14), (s) => `{"api_key": "${s}", `),
};

/** Secrets that only the name of their member tells. */
const named: Record<string, (random: Random) => string> = {
  password: (r) => r.text(lower, 11),
  client_secret: (r) => r.text(alphanumeric, 18),
  authorization: (r) => r.text(lower, 13),
  "session-cookie": (r) => r.text(lower, 14),
};

/** `count` secrets, the same for the same seed, of 30 kinds in turn. */
export function plantedSecrets(count: number, seed = 1): Secret[] {
  const random = createRandom(seed);
  const makers = [
    ...Object.entries(tokens).map(
      ([kind, make]) =>
        () =>
          whole(kind, make(random)),
    ),
    ...Object.entries(phrases).map(([kind, make]) => () => {
      const [text, leak] = make(random);
      return { kind, text, leak, name: "" };
    }),
    ...Object.entries(named).map(([name, make]) => () => ({ ...whole(name, make(random)), name })),
  ];
  return Array.from({ length: count }, (_, index) => (makers[index % makers.length] as () => Secret)());
}

function whole(kind: string, text: string): Secret {
  return { kind, text, leak: text, name: "" };
}

function around(secret: string, write: (secret: string) => string): [string, string] {
  return [write(secret), secret];
}

/** Fifteen digits with the check digit of ISO/IEC 7812. */
function luhn(body: string): string {
  const sum = Array.from(body).reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return body + String((10 - (sum % 10)) % 10);
}

/** A country and an account with the check digits of ISO 13616. */
function iban(country: string, account: string): string {
  const letters = Array.from(country, (letter) => letter.charCodeAt(0) - 55).join("");
  const check = 98n - (BigInt(`${account}${letters}00`) % 97n);
  return country + check.toString().padStart(2, "0") + account;
}
