/**
 * The process that reads or writes one Parquet file with ClickHouse's own reader and writer, in streams. Rows go out, and come
 * in, as lines of JSON. Started by `parquet.ts`, which hears through messages what there is and what went wrong.
 */
import { once } from "node:events";
import { Session } from "chdb";
import { clickHouseCode } from "./clickhouse-errors.ts";
import type { ParquetJob, ParquetMessage } from "./parquet.ts";
import { sqlLiteral } from "./sql-literal.ts";

const common = "max_threads = 1, session_timezone = 'UTC'";
const readSettings = `${common}, date_time_output_format = 'iso', output_format_json_quote_64bit_integers = 0`;
// Small blocks and row groups, so that memory does not grow with the file.
const writeSettings = [
  common,
  "engine_file_truncate_on_insert = 1",
  "date_time_input_format = 'best_effort'",
  "input_format_parallel_parsing = 0",
  "input_format_skip_unknown_fields = 1",
  "max_insert_block_size = 5000",
  "output_format_parquet_row_group_size = 50000",
].join(", ");

async function read(session: Session, path: string): Promise<void> {
  const rows = await firstValues(session, `SELECT num_rows FROM file(${path}, 'ParquetMetadata')`);
  const columns = await firstValues(session, `DESCRIBE file(${path}, 'Parquet')`);
  tell({ kind: "opened", rows: Number(rows[0]), columns: columns.map(String) });
  // Not by `INSERT INTO FUNCTION file(stdout)`: the engine takes a full pipe for the end and says nothing.
  const stream = session.queryStream(`SELECT * FROM file(${path}, 'Parquet') SETTINGS ${readSettings}`, {
    format: "JSONEachRow",
  });
  for await (const chunk of stream) {
    if (!process.stdout.write(chunk.raw())) await once(process.stdout, "drain");
  }
  process.stdout.end();
  await once(process.stdout, "finish");
}

async function write(session: Session, path: string, structure: string): Promise<void> {
  await session.queryAsync(
    `INSERT INTO FUNCTION file(${path}, 'Parquet', ${structure})
     SELECT * FROM file(stdin, 'JSONEachRow', ${structure}) SETTINGS ${writeSettings}`,
  );
}

/** The first column of an answer. */
async function firstValues(session: Session, sql: string): Promise<unknown[]> {
  const answer = await session.queryAsync(sql, { format: "JSONCompactEachRow" });
  const lines = answer.text().split("\n");
  return lines.filter((line) => line !== "").map((line) => (JSON.parse(line) as unknown[])[0]);
}

function tell(message: ParquetMessage): void {
  process.send?.(message);
}

process.once("message", (job: ParquetJob) => {
  const session = new Session();
  const path = sqlLiteral(job.path);
  const work = job.kind === "read" ? read(session, path) : write(session, path, sqlLiteral(job.structure));
  work
    .then(
      () => tell({ kind: "done" }),
      (error: unknown) => tell({ kind: "failed", code: clickHouseCode(error) }),
    )
    .finally(() => {
      session.close();
      process.disconnect();
    });
});
