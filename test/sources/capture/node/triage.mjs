/** The automation that every program runs, in the words of its own library. */

/** What comes in. */
export const ticket = { subject: "Charged twice", body: "Two charges of 40 EUR on my card this month." };

const system = "You triage support tickets. Answer with JSON: category, urgency.";

const tools = [
  {
    type: "function",
    function: {
      name: "lookup_customer",
      description: "Finds a customer by the domain of their address",
      parameters: { type: "object", properties: { email_domain: { type: "string" } } },
    },
  },
];

/** The tool that the model asks for. */
export function lookupCustomer({ email_domain }) {
  return { domain: email_domain, plan: "team" };
}

/**
 * Asks the model, runs the tool it asks for, and streams its answer.
 *
 * @param lookup runs the tool; a library's own wrapper goes around `lookupCustomer`.
 */
export async function triage(openai, given, lookup = lookupCustomer) {
  const messages = [
    { role: "system", content: system },
    { role: "user", content: `${given.subject}\n${given.body}` },
  ];
  const asked = await openai.chat.completions.create({
    model: "gpt-4.1-mini",
    temperature: 0.2,
    max_tokens: 200,
    messages,
    tools,
  });
  const message = asked.choices[0].message;
  const [call] = message.tool_calls;
  const found = await lookup(JSON.parse(call.function.arguments));
  const stream = await openai.chat.completions.create({
    model: "gpt-4.1-mini",
    temperature: 0.2,
    messages: [...messages, message, { role: "tool", tool_call_id: call.id, content: JSON.stringify(found) }],
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
  return JSON.parse(text);
}

/** The same automation on a model that refuses. */
export async function triageBroken(openai, given) {
  await openai.chat.completions.create({
    model: "gpt-broken",
    messages: [{ role: "user", content: `${given.subject}\n${given.body}` }],
  });
}

/** Runs what is meant to fail. */
export async function failing(work) {
  await Promise.resolve()
    .then(work)
    .then(
      () => {
        throw new Error("Expected the model to refuse");
      },
      () => undefined,
    );
}
