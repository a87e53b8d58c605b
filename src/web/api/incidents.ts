import { createRoute, z } from "@hono/zod-openapi";
import { dayMs, minuteMs } from "../../model/clock.ts";
import type { Incident as ModelIncident } from "../../model/incident.ts";
import type { WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, notFound, refusals, takes } from "./base.ts";
import { presentIncident } from "./present.ts";
import { Incident } from "./schemas.ts";
import { readAct } from "./workflows.ts";

const state = z.enum(["open", "acknowledged", "snoozed", "resolved"]);
const params = z.object({ incident_id: z.string() });
const body = z.object({
  actor: z.string().max(200).optional(),
  reason: z.string().max(2000).default(""),
  minutes: z
    .number()
    .positive()
    .max((30 * dayMs) / minuteMs)
    .default(60)
    .meta({ description: "How long to snooze" }),
});

/** `GET /v1/incidents` and one of them, and what people do with it. */
export function incidentRoutes({ guard, journal, watch, clock }: WebDeps): Api {
  const api = createApi();
  const list = createRoute({
    method: "get",
    path: "/v1/incidents",
    summary: "Incidents, newest first",
    request: {
      query: z.strictObject({
        workflow: z.string().optional(),
        state: state.optional(),
        limit: z.coerce.number().int().min(1).max(500).default(100),
      }),
    },
    responses: { ...answers("Incidents", z.object({ incidents: z.array(Incident) })), ...refusals },
  });
  api.openapi(guarded(api, guard, list, "review"), (c) => {
    const { workflow, state: only, limit } = c.req.valid("query");
    const filter = {
      ...(workflow === undefined ? {} : { workflow }),
      ...(only === undefined ? {} : { states: [only] }),
    };
    return c.json({ incidents: journal.incidents.list({ ...filter, limit }).map(presentIncident) }, 200);
  });
  const one = createRoute({
    method: "get",
    path: "/v1/incidents/{incident_id}",
    summary: "One incident",
    request: { params },
    responses: { ...answers("The incident", Incident), ...refusals, ...notFound },
  });
  const unknown = (id: string) => ({ error: { message: `Cannot find incident '${id}'` } });
  api.openapi(guarded(api, guard, one, "review"), (c) => {
    const { incident_id: id } = c.req.valid("param");
    const incident = journal.incidents.get(id);
    return incident === null ? c.json(unknown(id), 404) : c.json(presentIncident(incident), 200);
  });
  for (const action of ["acknowledge", "snooze", "resolve"] as const) {
    const route = createRoute({
      method: "post",
      path: `/v1/incidents/{incident_id}/${action}`,
      summary: `${action.charAt(0).toUpperCase()}${action.slice(1)} an incident`,
      request: { params, ...takes(body) },
      responses: { ...answers("The incident afterwards", Incident), ...refusals, ...notFound },
    });
    api.openapi(guarded(api, guard, route, "admin"), (c) => {
      const { incident_id: id } = c.req.valid("param");
      const given = c.req.valid("json");
      const act = readAct(c, given);
      const changed: ModelIncident | null =
        action === "snooze"
          ? watch.snooze(id, act, clock.nowMs() + given.minutes * minuteMs)
          : watch[action](id, act);
      return changed === null ? c.json(unknown(id), 404) : c.json(presentIncident(changed), 200);
    });
  }
  return api;
}
