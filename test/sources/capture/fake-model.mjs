import { once } from "node:events";
import { createServer } from "node:http";

/** What the model was asked for is not what answers, as with real providers. */
const resolved = "gpt-4.1-mini-2025-04-14";
const answer = '{"category":"billing","urgency":"high"}';

/**
 * Starts a model server that speaks OpenAI's chat completions, whole and as a stream. It calls the first tool it is
 * offered, answers once it has the tool's result, and refuses the model `gpt-broken`.
 */
export async function startFakeModel() {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString() || "{}");
    if (body.model === "gpt-broken") return refuse(response);
    const [tool] = body.messages.some((message) => message.role === "tool") ? [] : (body.tools ?? []);
    if (body.stream === true) stream(response, body, tool);
    else reply(response, body, tool);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}/v1`, close: () => server.close() };
}

function refuse(response) {
  response.writeHead(400, { "content-type": "application/json" });
  const message = "This model's maximum context length is 8 tokens";
  response.end(
    JSON.stringify({ error: { message, type: "invalid_request_error", code: "context_length_exceeded" } }),
  );
}

const usage = { prompt_tokens: 120, completion_tokens: 30, total_tokens: 150 };

function callOf(tool) {
  return {
    id: "call_1",
    type: "function",
    function: { name: tool.function.name, arguments: '{"email_domain":"acme.test"}' },
  };
}

function reply(response, body, tool) {
  const message =
    tool === undefined
      ? { role: "assistant", content: answer }
      : { role: "assistant", content: null, tool_calls: [callOf(tool)] };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1795164000,
      model: resolved,
      system_fingerprint: "fp_1",
      choices: [{ index: 0, message, finish_reason: tool === undefined ? "stop" : "tool_calls" }],
      usage,
    }),
  );
}

function stream(response, body, tool) {
  const base = { id: "chatcmpl-2", object: "chat.completion.chunk", created: 1795164000, model: resolved };
  const deltas =
    tool === undefined
      ? [{ role: "assistant", content: answer.slice(0, 20) }, { content: answer.slice(20) }]
      : [{ role: "assistant", tool_calls: [{ index: 0, ...callOf(tool) }] }];
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (chunk) => response.write(`data: ${JSON.stringify({ ...base, ...chunk })}\n\n`);
  for (const delta of deltas) send({ choices: [{ index: 0, delta, finish_reason: null }] });
  send({ choices: [{ index: 0, delta: {}, finish_reason: tool === undefined ? "stop" : "tool_calls" }] });
  if (body.stream_options?.include_usage === true) send({ choices: [], usage });
  response.end("data: [DONE]\n\n");
}
