import type { Api } from "./base.ts";
import { ingestPaths } from "./openapi-ingest.ts";

/** The OpenAPI 3.1 description of everything on the port, the collector's routes included. */
export function describeApi(app: Api, version: string): Record<string, unknown> {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Evenkeel",
      version,
      description: "Observability and drift monitoring for AI automations.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    security: [{ key: [] }],
  });
  const paths: Record<string, object> = { ...document.paths };
  for (const [path, operations] of Object.entries(ingestPaths))
    paths[path] = { ...paths[path], ...operations };
  const components = {
    ...document.components,
    securitySchemes: { key: { type: "http", scheme: "bearer", description: "A key with the right scope" } },
  };
  return { ...document, paths, components };
}
