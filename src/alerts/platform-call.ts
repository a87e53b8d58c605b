import type { PauseState } from "../journal/port.ts";
import type { HttpCall } from "./call.ts";
import type { PauseAdapter } from "./settings.ts";

type PlatformRequest = Pick<HttpCall, "method" | "headers"> & { path: string; body: object | null };

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/**
 * The request by which each platform pauses or resumes one of its workflows.
 *
 * Sources: docs/alerts.md lists the page or package that each one is taken from.
 */
const platforms: Record<
  PauseAdapter["platform"],
  (adapter: PauseAdapter, pause: boolean, reason: string) => PlatformRequest
> = {
  n8n: ({ id, token, api_version }, pause) => ({
    method: "POST",
    // n8n 2 (`api_version: 2`) calls it unpublish; both versions still know the older names.
    path: `/api/v1/workflows/${segment(id)}/${pause ? (api_version === 2 ? "unpublish" : "deactivate") : "activate"}`,
    headers: { "x-n8n-api-key": token },
    body: null,
  }),
  make: ({ id, token }, pause) => ({
    method: "POST",
    path: `/api/v2/scenarios/${segment(id)}/${pause ? "stop" : "start"}`,
    headers: { authorization: `Token ${token}` },
    body: null,
  }),
  temporal: ({ id, token, namespace }, pause, reason) => ({
    method: "POST",
    path: `/api/v1/namespaces/${segment(namespace)}/schedules/${segment(id)}/patch`,
    headers: token === "" ? {} : bearer(token),
    body: { patch: pause ? { pause: reason } : { unpause: reason } },
  }),
  airflow: ({ id, token, api_version }, pause) => ({
    method: "PATCH",
    path: `/api/v${api_version === 1 ? 1 : 2}/dags/${segment(id)}?update_mask=is_paused`,
    // Airflow 2 takes `user:password`, Airflow 3 a token.
    headers:
      api_version === 1 ? { authorization: `Basic ${Buffer.from(token).toString("base64")}` } : bearer(token),
    body: { is_paused: pause },
  }),
  prefect: ({ id, token }, pause) => ({
    method: "POST",
    path: `/api/deployments/${segment(id)}/${pause ? "pause_deployment" : "resume_deployment"}`,
    headers: token === "" ? {} : bearer(token),
    body: null,
  }),
  "trigger.dev": ({ id, token }, pause) => ({
    method: "POST",
    path: `/api/v1/queues/${segment(id)}/pause`,
    headers: bearer(token),
    body: { type: "task", action: pause ? "pause" : "resume" },
  }),
  windmill: ({ id, token, namespace }, pause) => ({
    method: "POST",
    // A schedule's path has slashes of its own.
    path: `/api/w/${segment(namespace)}/schedules/setenabled/${id.split("/").map(segment).join("/")}`,
    headers: bearer(token),
    body: { enabled: !pause },
  }),
};

/** The request that makes a platform follow a workflow's pause state. */
export function platformCall(
  adapter: PauseAdapter,
  { state, reason }: PauseState,
): Omit<HttpCall, "publicOnly"> {
  const { method, path, headers, body } = platforms[adapter.platform](adapter, state === "paused", reason);
  return {
    method,
    url: adapter.url.replace(/\/$/, "") + path,
    headers: { ...headers, ...(body === null ? {} : { "content-type": "application/json" }) },
    body: body === null ? "" : JSON.stringify(body),
  };
}

function segment(text: string): string {
  return encodeURIComponent(text);
}
