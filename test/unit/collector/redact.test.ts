import { describe, expect, it } from "vitest";
import { createRedactor } from "../../../src/collector/redact.ts";
import type { Json } from "../../../src/model/json.ts";

const redactor = createRedactor({ key: "k" });
const mark = (name: string) => expect.stringMatching(new RegExp(`\\[${name}:[0-9a-f]{8}\\]`)) as string;

// Tokens are put together here so that no scanner takes this file for a leak.
const join = (...parts: string[]) => parts.join("");

const secrets = [
  {
    why: "an email address",
    form: "email",
    text: "write to ann.lee+x@mail.example.co.uk, please",
    secret: "ann.lee",
  },
  { why: "an email address in another script", form: "email", text: "an иван@пример.рф", secret: "иван" },
  {
    why: "an international phone number",
    form: "phone",
    text: "call +44 7700 900123 today",
    secret: "900123",
  },
  { why: "an American phone number", form: "phone", text: "(415) 555-0132", secret: "0132" },
  { why: "a British mobile number", form: "phone", text: "on 07700 900123.", secret: "900123" },
  { why: "a number that is called a phone number", form: "phone", text: "Tel: 3523 8881", secret: "3523" },
  {
    why: "a card number with spaces",
    form: "card",
    text: "card 4111 1111 1111 1111 ok",
    secret: "1111 1111",
  },
  { why: "a card number of 15 digits", form: "card", text: "378282246310005", secret: "378282246310005" },
  { why: "an IBAN", form: "iban", text: "to GB82 WEST 1234 5698 7654 32", secret: "WEST" },
  { why: "an AWS key id", form: "token", text: join("id AK", "IAIOSFODNN7EXAMPLE"), secret: "IOSFODNN7" },
  { why: "a GitHub token", form: "token", text: join("gh", "p_", "a1B2".repeat(9)), secret: "a1B2" },
  { why: "a Slack token", form: "token", text: join("xo", "xb-123456789012-abcdefABCDEF"), secret: "abcdef" },
  {
    why: "a Stripe key",
    form: "token",
    text: join("sk_", "live_", "4eC39HqLyjWDarjtT1zdp7dc"),
    secret: "4eC39",
  },
  { why: "an OpenAI key", form: "token", text: join("sk-", "proj-", "a1B2".repeat(8)), secret: "a1B2" },
  {
    why: "an Anthropic key",
    form: "token",
    text: join("sk-", "ant-api03-", "a1B2".repeat(8)),
    secret: "a1B2",
  },
  { why: "a Google key", form: "token", text: join("AI", "za", "SyA1-".repeat(7)), secret: "SyA1" },
  {
    why: "a Slack webhook",
    form: "token",
    text: join("https://hooks.slack", ".com/services/T000/B000/abcdefgh1234"),
    secret: "abcdefgh",
  },
  {
    why: "a JWT",
    form: "jwt",
    text: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJl",
    secret: "eyJzdWIi",
  },
  {
    why: "a bearer token",
    form: "authorization",
    text: "authorization is Bearer abcdef0123456789abcd",
    secret: "abcdef01",
  },
  { why: "basic credentials", form: "authorization", text: "Basic dXNlcjpwYXNzd29yZA==", secret: "dXNlcjpw" },
  {
    why: "a URL with credentials",
    form: "credentials",
    text: "postgres://bob:hunter2@db:5432/x",
    secret: "hunter2",
  },
  {
    why: "a password in a connection string",
    form: "secret",
    text: "Server=db;Password=abc!def;",
    secret: "abc!def",
  },
  { why: "a password that is told", form: "secret", text: "my password is hunter2", secret: "hunter2" },
  {
    why: "a key in JSON in prose",
    form: "secret",
    text: 'sent {"api_key": "two words"} ok',
    secret: "two words",
  },
  {
    why: "a private key without its end",
    form: "private_key",
    text: join("-----BEGIN RSA PRIV", "ATE KEY-----\nMIIEowIBAAKCAQEA\nabc"),
    secret: "MIIE",
  },
];

const clean = [
  { why: "an amount", text: "Total 1,234,567.89 GBP" },
  { why: "a date and time", text: "2026-11-20T09:00:00.123456Z" },
  { why: "a date in dots", text: "20.11.2026 09:15" },
  { why: "an invoice number", text: "Invoice 0012345678 of 2026-11-20" },
  { why: "a tax number", text: "GST ID : 000849813504" },
  { why: "an order number with letters", text: "INVOICE # : OR18031002160274" },
  { why: "an article number (EAN-13)", text: "4971850134824" },
  { why: "a time in milliseconds and nanoseconds", text: "1795164000000 1795164000000000000" },
  { why: "a UUID", text: "123e4567-e89b-42d3-a456-426614174000" },
  { why: "a hash", text: "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
  { why: "16 digits that fail the Luhn check", text: "4111 1111 1111 1112" },
  { why: "coordinates", text: "51.50735, -0.12776" },
  { why: "prose about passwords", text: "I forgot my password: please reset it" },
  { why: "prose with 'basic'", text: "Basic information: see the manual" },
  { why: "prose with 'bearer'", text: "the bearer understandsthisdocument" },
  { why: "an address with a postcode", text: "NO 122.124 JALAN DEDAP 13, 81100 JOHOR BAHRU" },
  { why: "a version", text: "node v20.20.2, chdb 3.4.0" },
];

describe("createRedactor()", () => {
  it.each(secrets)("text() replaces $why", ({ form, text, secret }) => {
    const redacted = redactor.text(text);
    expect(redacted).toEqual(mark(form));
    expect(redacted).not.toContain(secret);
    expect(redactor.text(redacted)).toBe(redacted);
  });

  it.each(clean)("text() leaves $why", ({ text }) => {
    expect(redactor.text(text)).toBe(text);
  });

  it("text() gives equal values equal replacements, and another key gives others", () => {
    const other = createRedactor({ key: "another" });
    expect(redactor.text("A@b.example")).toBe(redactor.text("a@B.example"));
    expect(redactor.text("a@b.example")).not.toBe(redactor.text("c@b.example"));
    expect(redactor.text("a@b.example")).not.toBe(other.text("a@b.example"));
  });

  it("value() replaces by name, keeps what is empty, and leaves counts alone", () => {
    const value = redactor.value(
      {
        password: "abc",
        db_password: "x y",
        userToken: "t",
        "X-Api-Key": "k",
        pin: 1234,
        phone: "555 0132 77",
        secret: null,
        token: "",
        max_tokens: 500,
        total_tokens: "12",
        phone_model: "x200",
        nested: [{ client_secret: "q" }],
      },
      "input",
    ).value;
    expect(value).toEqual({
      password: mark("secret"),
      db_password: mark("secret"),
      userToken: mark("secret"),
      "X-Api-Key": mark("secret"),
      pin: mark("secret"),
      phone: mark("phone"),
      secret: null,
      token: "",
      max_tokens: 500,
      total_tokens: "12",
      phone_model: "x200",
      nested: [{ client_secret: mark("secret") }],
    });
  });

  it("value() looks into JSON inside texts, and at names and numbers", () => {
    const inner = JSON.stringify({ deep: JSON.stringify({ password: "hunter two" }) });
    const value = redactor.value({ body: inner, "a@b.example": 1, card: 4111111111111111 }, "input").value;
    expect(JSON.stringify(value)).not.toMatch(/hunter|a@b|4111/);
    expect(value).toMatchObject({ card: mark("card") });
  });

  it("value() always replaces named fields and never touches allowed ones", () => {
    const own = createRedactor({
      key: "k",
      fields: ["input.name", "input.lines[].note"],
      allow: ["input.contact"],
    });
    const value = {
      name: { first: "Ann" },
      lines: [{ note: "n", x: 1 }],
      contact: { email: "a@b.example", password: "p" },
    };
    expect(own.value(value, "input").value).toEqual({
      name: mark("field"),
      lines: [{ note: mark("field"), x: 1 }],
      contact: { email: "a@b.example", password: "p" },
    });
    expect(own.value(value, "output").value).toMatchObject({ name: { first: "Ann" } });
  });

  it("value() keeps a member called __proto__ and repairs half an emoji", () => {
    const value = redactor.value(JSON.parse('{"__proto__":"x","e":"\\ud83d"}'), "input").value;
    expect(JSON.stringify(value)).toBe('{"__proto__":"x","e":"\ufffd"}');
  });

  it("value() cuts a long text, with size and hash, and finds the secret at the cut", () => {
    const token = join("gh", "p_", "a1B2".repeat(9));
    const text = `${"x ".repeat(32 * 1024 - 5)}${token}${" y".repeat(5_000_000)}`;
    const cut = redactor.value(text, "input").value as string;
    expect(cut.length).toBeLessThan(66_000);
    expect(cut).toMatch(/…\[cut: 10065566 bytes, sha256 [0-9a-f]{64}\]$/);
    expect(cut).not.toContain("a1B2a1B2");
  });

  it("value() bounds members and depth", () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index]));
    const kept = redactor.value(many, "input").value as Record<string, unknown>;
    expect(Object.keys(kept)).toHaveLength(10_001);
    expect(kept.$cut).toBe("90000 more members");
    const deep = JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`);
    expect(JSON.stringify(redactor.value(deep, "input").value)).toBe(
      `${"[".repeat(12)}"$cut: nested too deep"${"]".repeat(12)}`,
    );
  });

  const texts = [
    { why: "what needs no change", value: { a: "plain", n: [1, 2.5, null, true], o: {} } },
    { why: "characters with escapes", value: { 'q"': "a\nb\u0001\\", t: 'say "hi"' } },
    { why: "secrets in values and names", value: { "a@b.example": "c@d.example", n: 4111111111111111 } },
    {
      why: "two names that become one",
      value: { "a@b.example": 1, x: 2, "A@B.example": 3, y: [{ password: "p" }] },
    },
    { why: "names that look like indexes", value: { b: 1, 10: "a@b.example", 9: "x" } },
    { why: "JSON inside a text", value: { body: '{"password":"hunter two","x":"a\\"b"}', after: "x" } },
    { why: "half an emoji, and one beyond ASCII", value: { e: "\ud83d", ü: "\u2028 日本 \ud83d\ude00" } },
    { why: "a text past its cap", value: { long: "y".repeat(70_000), quoted: '"'.repeat(70_000) } },
    {
      why: "too many members",
      value: Object.fromEntries(Array.from({ length: 10_002 }, (_, i) => [`k${i}`, i])),
    },
    { why: "too many items", value: Array.from({ length: 10_002 }, () => "x") },
    { why: "a member called __proto__", value: JSON.parse('{"z":1,"__proto__":{"pin":1234},"y":2}') as Json },
    { why: "a single text", value: "call +44 7700 900123" },
  ];
  it.each(texts)("value() answers the text of its value: $why", ({ value }) => {
    const before = JSON.stringify(value);
    for (const each of [redactor, createRedactor({ key: "k", fields: ["input.a"], allow: ["input.n"] })]) {
      const clean = each.value(value, "input");
      expect(clean.text).toBe(JSON.stringify(clean.value));
    }
    expect(JSON.stringify(value)).toBe(before);
  });

  it("text() takes time in proportion to the text, whatever it is", () => {
    const hostile = ["a@".repeat(30_000), "1 ".repeat(30_000), "eyJ".repeat(20_000), "token:".repeat(10_000)];
    for (const text of hostile) expect(redactor.text(text).length).toBeGreaterThan(0);
  }, 5000);
});
