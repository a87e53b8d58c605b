import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { start } from "./evenkeel.ts";

it.each(["http://127.0.0.1:1", "nowhere"])("report() says that no sidecar answers at %s", async (url) => {
  const { code, stdout, stderr } = await start(tmpdir(), ["report", "--workflow", "w", "--url", url]).ended;
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: "",
    stderr: `Cannot reach '${url}': no Evenkeel sidecar answers there\n`,
  });
});
