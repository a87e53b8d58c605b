import { Card, workflowPath } from "./parts.tsx";
import { plural } from "../../model/plural.ts";

interface Props {
  workflow: string;
  markdown: string;
  days: number;
}

/** The weekly report as it would be sent: Markdown, shown as text. */
export function ReportPage({ workflow, markdown, days }: Props) {
  const path = `/v1${workflowPath(workflow)}/report?days=${days}`;
  return (
    <>
      <p class="crumbs">
        <a href={workflowPath(workflow)}>{workflow}</a>
      </p>
      <div class="title">
        <h1>
          Report over {days} {plural(days, "day")}
        </h1>
        <a href={path}>Markdown</a>
      </div>
      <Card title="To paste or to send">
        <pre class="report" tabindex={0}>
          {markdown}
        </pre>
      </Card>
    </>
  );
}
