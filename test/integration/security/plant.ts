import { attributesJson, spanJson } from "../../unit/collector/harness.ts";
import type { OtlpJson } from "../../fuzz/encode-otlp.ts";
import type { Secret } from "./secrets.ts";

/** A secret as the member of an object, under its own name where that is what gives it away. */
function member({ name, text }: Secret): Record<string, string> {
  return { [name || "note"]: name === "" ? `before ${text} after` : text };
}

/** A text that holds the secret: JSON where its name gives it away, pretty-printed and nested as models write it. */
function sentence(secret: Secret, index: number): string {
  const json = JSON.stringify(member(secret), null, index % 2);
  if (index % 3 === 0) return `\n${json}`;
  if (index % 3 === 1) return JSON.stringify({ answer: json });
  return secret.name === "" ? `it is ${secret.text}, she said` : json;
}

/** What a reviewer may paste into a note. */
export function noteOf(secret: Secret): string {
  return JSON.stringify(member(secret));
}

/** An act that asks for a person's yes, with the secret wherever it can hold text. */
export function heldAct(secret: Secret): Record<string, unknown> {
  const text = noteOf(secret);
  const content = { ...member(secret), text };
  return {
    workflow: "planted",
    action: "send it",
    hold: true,
    payload: content,
    inputs: content,
    outputs: content,
    note: text,
    error: text,
  };
}

/** A name that is a secret itself; harmless for one that is none without a name. */
function nameOf(secret: Secret): string {
  return secret.name === "" ? secret.text : "harmless";
}

/** A plain run that holds the secret wherever a run can hold text. */
export function plainRun(secret: Secret, index: number): Record<string, unknown> {
  return {
    run_id: `plain-${index}`,
    workflow: "planted",
    inputs: { ...member(secret), deep: [{ list: [member(secret)] }], text: sentence(secret, index) },
    outputs: {
      [nameOf(secret)]: 1,
      answer: sentence(secret, index + 1),
      held: { credentials: [secret.text] },
    },
    error: {
      type: nameOf(secret),
      message: sentence(secret, index),
      stack: `at x\n${sentence(secret, index)}`,
    },
    attributes: { ...member(secret), [nameOf(secret)]: "x" },
    prompt: { text: sentence(secret, index), name: nameOf(secret) },
    settings: member(secret),
    session_id: nameOf(secret),
    steps: [{ name: nameOf(secret).slice(0, 200), inputs: member(secret), outputs: sentence(secret, index) }],
    reviews: [
      {
        verdict: "edited",
        output: member(secret),
        reason: sentence(secret, index),
        note: sentence(secret, index),
        reviewer: nameOf(secret),
      },
    ],
    outcomes: [{ name: nameOf(secret).slice(0, 200), value: sentence(secret, index) }],
  };
}

/** A span of the SDK that holds the secret wherever a span can hold text. */
export function sdkSpan(secret: Secret, index: number): OtlpJson {
  const { name, text } = secret;
  const span = spanJson((index + 1).toString(16).padStart(8, "0"), "ab", {
    "evenkeel.workflow": "planted",
    "evenkeel.run.id": `otlp-${index}`,
    "evenkeel.input": JSON.stringify({ ...member(secret), text: sentence(secret, index) }),
    "evenkeel.output": JSON.stringify([sentence(secret, index), member(secret)]),
    "evenkeel.prompt.text": sentence(secret, index),
    "evenkeel.settings": JSON.stringify(member(secret)),
    [`evenkeel.attr.${name || nameOf(secret)}`]: text,
  });
  const attributes = attributesJson({
    "exception.type": nameOf(secret),
    "exception.message": sentence(secret, index),
    "exception.stacktrace": sentence(secret, index),
  });
  return {
    ...span,
    name: nameOf(secret),
    status: { code: 2, message: sentence(secret, index) },
    events: [{ name: "exception", attributes }, ...labelEvents(secret, index)],
  };
}

/** A review and an outcome as OTLP events. */
export function labelEvents(secret: Secret, index: number): OtlpJson[] {
  const review = attributesJson({
    "evenkeel.run.id": `otlp-${index}`,
    "evenkeel.review.verdict": "edited",
    "evenkeel.review.output": JSON.stringify(member(secret)),
    "evenkeel.review.reason": sentence(secret, index),
    "evenkeel.review.note": sentence(secret, index),
    "evenkeel.review.reviewer": nameOf(secret),
  });
  const broken = attributesJson({
    "evenkeel.run.id": `otlp-${index}`,
    "evenkeel.review.verdict": "odd",
    "evenkeel.review.note": sentence(secret, index),
    [secret.name || "note"]: secret.text,
  });
  return [
    { name: "evenkeel.review", eventName: "evenkeel.review", attributes: review },
    { name: "evenkeel.review", eventName: "evenkeel.review", attributes: broken },
  ];
}

/** A span that is refused for its id; nothing else in it is wrong. */
export function badSpan(secret: Secret, index: number): OtlpJson {
  return {
    ...sdkSpan(secret, index),
    traceId: "00",
    attributes: [
      ...attributesJson({ [secret.name || "note"]: secret.text, text: sentence(secret, index) }),
      {
        key: "nested",
        value: {
          kvlistValue: { values: attributesJson({ [secret.name || "note"]: secret.text }) },
        },
      },
    ],
  };
}
