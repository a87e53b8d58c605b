/*
 * Captures the fixtures of test/fixtures/sources: see README.md.
 *
 *   node capture.mjs [SOURCE…]     all sources by default
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startFakeModel } from "./fake-model.mjs";
import { startRecorder } from "./recorder.mjs";
import { commandOf, environmentOf, sources } from "./sources.mjs";

const run = promisify(execFile);
const n8nVersion = "2.41.3";
/** Of all that is installed, what speaks. */
const pythonPackages =
  /^(langfuse|openai|openinference-.*|opentelemetry-(sdk|util-genai|instrumentation-openai(-v2)?)|traceloop-sdk)==/;
const here = new URL(".", import.meta.url).pathname;
const fixtures = new URL("../../fixtures/sources/", import.meta.url).pathname;
/** A place that says nothing of the machine: stack traces name it. */
const work = process.env.CAPTURE_DIR ?? "/tmp/evenkeel-capture";

await cp(here, work, { recursive: true });
if (process.env.CAPTURE_INSTALL !== "no") {
  await run("npm", ["install", "--no-audit", "--no-fund"], { cwd: work });
  await run("npm", ["install", "--no-audit", "--no-fund", "--legacy-peer-deps"], {
    cwd: join(work, "node22"),
  });
  // n8n whole needs two thousand packages; its tracer needs three.
  const n8n = `n8n@${n8nVersion}`;
  await run("npm", ["pack", n8n, "--silent"], { cwd: work });
  await run("tar", ["xzf", `n8n-${n8nVersion}.tgz`, "package/package.json", "package/dist/modules/otel"], {
    cwd: work,
  });
  await run("python3", ["-m", "venv", "venv"], { cwd: work });
  await run("venv/bin/pip", ["install", "-q", "--no-deps", "-r", "requirements.txt"], { cwd: work });
}

/** The host's name, overwritten with as many letters, so that lengths inside protobuf stay right. */
function strip(bytes) {
  const name = Buffer.from(hostname());
  const stripped = Buffer.from(bytes);
  for (let at = stripped.indexOf(name); name.length > 3 && at >= 0; at = stripped.indexOf(name, at + 1)) {
    stripped.fill("h", at, at + name.length);
  }
  return stripped;
}

async function packageVersions(program) {
  if (program === "node/n8n.cjs") return { n8n: n8nVersion };
  if (!program.startsWith("python/")) {
    const folder = program.startsWith("node22/") ? "node22" : ".";
    return JSON.parse(await readFile(join(here, folder, "package.json"), "utf8")).dependencies;
  }
  const lines = (await readFile(join(here, "requirements.txt"), "utf8")).split("\n");
  const named = lines.filter((line) => pythonPackages.test(line));
  return Object.fromEntries(named.map((line) => line.split("==")));
}

const model = await startFakeModel();
const recorder = await startRecorder(strip);
await mkdir(fixtures, { recursive: true });
for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(sources)) {
  const { program } = sources[name];
  const child = spawn(commandOf(name, work), [program], {
    cwd: work,
    env: environmentOf(name, { otlpUrl: recorder.url, modelUrl: model.url }),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(child, "exit");
  const requests = recorder.take();
  if (code !== 0 || requests.length === 0) {
    throw new Error(`Cannot capture '${name}': it ended with ${code} and sent ${requests.length} requests`);
  }
  const fixture = {
    source: name,
    capturedAt: new Date().toISOString(),
    packages: await packageVersions(program),
    requests,
  };
  await writeFile(join(fixtures, `${name}.json`), `${JSON.stringify(fixture, null, 2)}\n`);
  process.stdout.write(`${name}: ${requests.length} requests\n`);
}
recorder.close();
model.close();
