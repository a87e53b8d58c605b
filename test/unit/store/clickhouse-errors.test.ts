import { describe, expect, it } from "vitest";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import { insertError, statementError } from "../../../src/store/clickhouse-errors.ts";

const coded = (code: number | string) => Object.assign(new Error("row says s3cret"), { code });

const cases = [
  { why: "a value that is no number", error: coded("27"), insert: PermanentError, read: PermanentError },
  {
    why: "a missing table, which is not the rows' fault",
    error: coded("60"),
    insert: TransientError,
    read: PermanentError,
  },
  { why: "a read-only user, likewise", error: coded("164"), insert: TransientError, read: PermanentError },
  { why: "no memory", error: coded("241"), insert: TransientError, read: TransientError },
  { why: "a full disk", error: coded("243"), insert: TransientError, read: TransientError },
  { why: "too slow a read", error: coded("159"), insert: TransientError, read: TransientError },
  { why: "a syntax error", error: coded("62"), insert: TransientError, read: PermanentError },
  { why: "no connection", error: coded("ECONNREFUSED"), insert: TransientError, read: TransientError },
  {
    why: "the embedded engine's spelling",
    error: { clickhouseCode: 117 },
    insert: PermanentError,
    read: PermanentError,
  },
  { why: "something that is no error", error: "s3cret", insert: TransientError, read: TransientError },
];

describe("insertError(), statementError()", () => {
  it.each(cases)("tell $why", ({ error, insert, read }) => {
    expect(insertError("runs", error)).toBeInstanceOf(insert);
    expect(statementError("read", error)).toBeInstanceOf(read);
  });

  it.each(cases)("quote nothing of $why", ({ error }) => {
    for (const made of [insertError("runs", error), statementError("read", error)]) {
      expect(`${made.message} ${String(made.cause)}`).not.toContain("s3cret");
    }
  });
});
