// n8n's own tracer (modules/otel of its package), driven as n8n drives it around an execution. Its neighbours inside n8n,
// which hold settings and loggers, are stand-ins.
const Module = require("node:module");
const { join } = require("node:path");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-proto");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BasicTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base");

class StandIn {}
const standIns = {
  "@n8n/di": { Service: () => () => undefined },
  "@n8n/backend-common": { Logger: StandIn },
  "@n8n/api-types": { OTLP_PROTOCOLS: [] },
  "./otel-settings.service": { OtelSettingsService: StandIn },
  "./otel.service": { OtelService: StandIn },
};
const load = Module._load;
Module._load = (request, parent, isMain) => {
  if (request in standIns) return standIns[request];
  if (request === "@n8n/utils/is-record")
    return { isRecord: (value) => typeof value === "object" && value !== null };
  return load(request, parent, isMain);
};
const { ExecutionLevelTracer } = require(
  join(process.cwd(), "package/dist/modules/otel/execution-level-tracer.js"),
);

const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({
    "service.name": process.env.OTEL_SERVICE_NAME,
    "service.version": "2.41.3",
    "n8n.instance.role": "main",
  }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
const logger = {
  warn: (message, details) => process.stderr.write(`${message} ${JSON.stringify(details)}\n`),
};
const tracer = new ExecutionLevelTracer({ getTracer: (name) => provider.getTracer(name) }, {}, logger);
const nodes = [
  { id: "6f1c", name: "Webhook", type: "n8n-nodes-base.webhook", typeVersion: 2 },
  { id: "90ab", name: "Triage", type: "@n8n/n8n-nodes-langchain.agent", typeVersion: 3 },
];

function execute(executionId, error) {
  const workflow = { id: "wf1", name: process.env.WORKFLOW, versionId: "b1c7", nodeCount: nodes.length };
  tracer.startWorkflow({ executionId, workflow });
  for (const node of nodes) {
    tracer.startNode({ executionId, node });
    const failure = node.name === "Triage" ? error : undefined;
    tracer.endNode({
      executionId,
      node,
      inputItemCount: 1,
      outputItemCount: failure ? 0 : 1,
      error: failure,
    });
  }
  const status = error === undefined ? "success" : "error";
  tracer.endWorkflow({ executionId, status, mode: "webhook", isRetry: false, error });
}

class NodeApiError extends Error {}

execute("231");
execute("232", new NodeApiError("This model's maximum context length is 8 tokens"));
provider.shutdown();
