import type { Incident } from "../../model/incident.ts";
import { Ago, Badge, Card, Empty, Owner, Prose, Table, workflowPath } from "./parts.tsx";

/** Every incident, newest first. */
export function IncidentsPage({ incidents, nowMs }: { incidents: Incident[]; nowMs: number }) {
  return (
    <>
      <h1>Incidents</h1>
      <Card title="Newest first">
        {incidents.length === 0 ? (
          <Empty>Nothing has drifted so far.</Empty>
        ) : (
          <Table label="Incidents" columns={["Incident", "State", "Workflow", "Began"]}>
            {incidents.map((incident) => (
              <tr data-row>
                <th scope="row">
                  <a href={`/incidents/${encodeURIComponent(incident.incidentId)}`}>
                    <Prose text={incident.title} />
                  </a>
                  <small>{incident.cause.layer}</small>
                </th>
                <td data-label="State">
                  <Badge state={incident.state} /> <Badge state={incident.severity} />
                </td>
                <td data-label="Workflow">
                  <a href={workflowPath(incident.workflow)}>{incident.workflow}</a>{" "}
                  <Owner owner={incident.owner} />
                </td>
                <td data-label="Began">
                  <Ago atMs={incident.onsetMs} nowMs={nowMs} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Card>
    </>
  );
}
