/*
 * The programs that stand for automations of real teams. Each triages the same ticket (a model call that asks for a
 * tool, the tool, a streamed model call that answers), and then meets a model that refuses.
 */

const capture = (where) => ({
  OTEL_SEMCONV_STABILITY_OPT_IN: "gen_ai_latest_experimental",
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: where,
});

/** Every source, by the name of its fixture, with its program and its own environment. */
export const sources = {
  "genai-js": { program: "node/genai.mjs", env: capture("true") },
  "genai-python": { program: "python/genai.py", env: capture("SPAN_ONLY") },
  "genai-python-events": { program: "python/genai.py", env: capture("EVENT_ONLY") },
  "openinference-js": { program: "node/openinference.mjs", env: {} },
  "openinference-python": { program: "python/openinference_app.py", env: {} },
  "openllmetry-js": { program: "node/openllmetry.mjs", env: {} },
  "openllmetry-python": { program: "python/openllmetry.py", env: {} },
  "langfuse-js": { program: "node/langfuse.mjs", env: {} },
  "langfuse-python": { program: "python/langfuse_app.py", env: {} },
  n8n: { program: "node/n8n.cjs", env: {} },
  "vercel-ai-7-js": { program: "node22/vercel.mjs", env: {} },
  "vercel-ai-js": { program: "node/vercel.mjs", env: {} },
};

/** What runs a source's program in the folder that a capture left. */
export function commandOf(name, folder) {
  const { program } = sources[name];
  if (program.startsWith("python/")) return `${folder}/venv/bin/python`;
  return program.startsWith("node22/") ? `${folder}/node22/node_modules/node/bin/node` : process.execPath;
}

/** The environment of a source's program. */
export function environmentOf(name, { otlpUrl, modelUrl }) {
  return {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
    TRACELOOP_BASE_URL: otlpUrl,
    TRACELOOP_API_KEY: "none",
    LANGFUSE_BASE_URL: otlpUrl,
    LANGFUSE_OTEL_TRACES_EXPORT_PATH: "v1/traces",
    LANGFUSE_PUBLIC_KEY: "pk-none",
    LANGFUSE_SECRET_KEY: "sk-none",
    LANGFUSE_RELEASE: "4f2a9c1",
    OTEL_SERVICE_NAME: "ticket-desk",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    OTEL_NODE_RESOURCE_DETECTORS: "env",
    OTEL_EXPERIMENTAL_RESOURCE_DETECTORS: "otel",
    OPENAI_BASE_URL: modelUrl,
    OPENAI_API_KEY: "none",
    WORKFLOW: `triage-${name}`,
    ...sources[name].env,
  };
}
