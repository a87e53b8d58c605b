import { expect, it } from "vitest";
import { describeError } from "../../src/log.ts";
import { PermanentError } from "../../src/model/errors.ts";

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

it("describeError() keeps our own messages and their hints", () => {
  const error = new PermanentError("Cannot open 'x'", { hint: "Close it" });
  expect(describeError(error)).toEqual({
    type: "PermanentError",
    message: "Cannot open 'x'",
    hint: "Close it",
  });
});

it("describeError() keeps what the operating system says", () => {
  const error = Object.assign(new Error("ENOSPC: no space left, write"), {
    code: "ENOSPC",
    syscall: "write",
  });
  expect(describeError(error)).toMatchObject({ code: "ENOSPC", message: "ENOSPC: no space left, write" });
});

it.each([
  { why: "a parser that quotes its input", error: thrownBy(() => JSON.parse("anna@example.test")) },
  { why: "a message that looks like a stack", error: new Error("x\n    at anna (anna.ts:1:2)") },
  { why: "a cause", error: new PermanentError("Cannot read", { cause: new Error("anna") }) },
  { why: "what is no error", error: "anna" },
])("describeError() shows no payload of $why", ({ error }) => {
  const logged = describeError(error);
  expect(JSON.stringify(logged)).not.toContain("anna");
  expect(logged.type).not.toBe("");
});

it("describeError() says where a bug was thrown", () => {
  expect(describeError(new TypeError("x")).at?.[0]).toContain("log.test.ts");
});
