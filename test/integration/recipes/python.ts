import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A Python that has a module: the one that `PYTHON` names, the one that a capture left (`test/sources/capture`), or the
 * machine's. Null where none has it, and then it says what is not tested.
 */
export async function pythonWith(module: string): Promise<string | null> {
  const left = `${process.env.CAPTURE_DIR ?? "/tmp/evenkeel-capture"}/venv/bin/python`;
  for (const python of [process.env.PYTHON ?? left, left, "python3"]) {
    const has = await run(python, ["-c", `import ${module}`]).then(
      () => true,
      () => false,
    );
    if (has) return python;
  }
  process.stderr.write(`Not tested: what needs a Python with '${module}'; PYTHON may name one\n`);
  return null;
}
