import { PermanentError, TransientError } from "../model/errors.ts";

/**
 * Codes that blame the rows of an insert (`system.errors` of 26.7). Only these make the writer look for the row
 * at fault; anything else, such as a missing table, would have it refuse every row.
 */
const rowFaults: ReadonlySet<number> = new Set([
  6, // CANNOT_PARSE_TEXT
  25, // CANNOT_PARSE_ESCAPE_SEQUENCE
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  128, // TOO_LARGE_ARRAY_SIZE
  130, // CANNOT_READ_ARRAY_FROM_TEXT
  131, // TOO_LARGE_STRING_SIZE
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  407, // DECIMAL_OVERFLOW
  467, // CANNOT_PARSE_BOOL
  563, // CANNOT_READ_MAP_FROM_TEXT
  632, // UNEXPECTED_DATA_AFTER_PARSED_VALUE
]);

/** Codes that blame the moment: no room, no time, no connection. */
const passingFaults: ReadonlySet<number> = new Set([
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  95, // CANNOT_READ_FROM_SOCKET
  96, // CANNOT_WRITE_TO_SOCKET
  159, // TIMEOUT_EXCEEDED
  173, // CANNOT_ALLOCATE_MEMORY
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  225, // NO_ZOOKEEPER
  236, // ABORTED
  241, // MEMORY_LIMIT_EXCEEDED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
  319, // UNKNOWN_STATUS_OF_INSERT
  364, // RECEIVED_ERROR_TOO_MANY_REQUESTS
  394, // QUERY_WAS_CANCELLED
  777, // MEMORY_RESERVATION_KILLED
  778, // MEMORY_RESERVATION_FAILED
  999, // KEEPER_EXCEPTION
]);

/** The ClickHouse exception code of whatever the drivers threw, or null where there is none. */
export function clickHouseCode(error: unknown): number | null {
  if (typeof error !== "object" || error === null) return null;
  const { clickhouseCode, code } = error as { clickhouseCode?: unknown; code?: unknown };
  const value = Number(clickhouseCode ?? code);
  return Number.isInteger(value) && value > 0 ? value : null;
}

/**
 * What an insert's failure means to the writer. The engine's text quotes the row it stumbled over, so that
 * neither text nor cause travels on: the code says what kind of fault it is.
 */
export function insertError(table: string, error: unknown): PermanentError | TransientError {
  // The engine was not asked at all.
  if (error instanceof TransientError) return error;
  const code = clickHouseCode(error);
  const message = `Cannot insert into '${table}': ${fault(code, error)}`;
  return code !== null && rowFaults.has(code) ? new PermanentError(message) : new TransientError(message);
}

/** What the failure of a read or of a schema statement means to its caller. */
export function statementError(action: string, error: unknown): PermanentError | TransientError {
  // The engine was not asked at all.
  if (error instanceof TransientError) return error;
  const code = clickHouseCode(error);
  const message = `Cannot ${action}: ${fault(code, error)}`;
  return code === null || passingFaults.has(code) ? new TransientError(message) : new PermanentError(message);
}

/** The fault by number, or the driver's own name for it (`ECONNREFUSED`, `ChdbClosedError`). */
function fault(code: number | null, error: unknown): string {
  if (code !== null) return `ClickHouse answered with code ${code}`;
  if (!(error instanceof Error)) return "unknown fault";
  const { code: name } = error as { code?: unknown };
  return typeof name === "string" && name !== "" ? name : error.name;
}
