// What the SDK costs its host, beside the stock OpenTelemetry pipeline that carries the same content: some three
// minutes, one with --quick.
//
//   node bench/sdk.mjs [--quick] [call cpu burst memory loop gate]      all, or those named
//
// Every figure comes from a process of its own; a receiver in another process answers 200 and keeps nothing. Ratios are
// medians of the ratios inside each round, so that the load of the machine, which changes from round to round, cancels
// out. What is measured just now goes to standard error, each section's table to standard output once it is there.
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { loadavg } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

const self = fileURLToPath(import.meta.url);
const startMs = performance.now();
const quick = process.argv.includes("--quick");
const rounds = quick ? 3 : 7;
const calls = quick ? 5_000 : 20_000;

/** A run with 2.3 KB of content. */
const sentence = "I still have not received my new card, I ordered over a week ago and nobody answers. ";
const input = (n) => ({
  id: n,
  subject: "Card not here yet",
  customer: { tier: "gold", country: "GB", since: 2019, tags: ["mail", "repeat", "mobile"] },
  body: sentence.repeat(20),
});
const answer = (ticket) => ({
  category: "card delivery",
  priority: "high",
  reply: sentence.slice(0, 60) + ticket.id,
  scores: { delivery: 0.93, dispute: 0.04, other: 0.03 },
  notes: [
    { kind: "rule", text: "older than seven days" },
    { kind: "rule", text: "second message" },
  ],
});

// Each task returns one number or a small object; it runs in a child with `endpoint`.
const tasks = {
  /** Microseconds a call takes in its caller. */
  async callObserve(endpoint) {
    const sdk = await import("@evenkeel/sdk");
    sdk.configure({ endpoint, queueItemsMax: 1e9, queueBytesMax: 1e12, sendIntervalMs: 1e8 });
    const run = sdk.observe(answer, { workflow: "bench", prompt: "Sort it.", model: "m" });
    return microsPerCall(run);
  },
  async callSpan(endpoint) {
    const { tracer } = await otel(endpoint);
    return microsPerCall(spanned(tracer));
  },
  async callBare() {
    return microsPerCall(answer);
  },
  /** Microseconds of CPU of the whole process per run, from the call to the acknowledgement. */
  async cpuObserve(endpoint) {
    const sdk = await import("@evenkeel/sdk");
    sdk.configure({ endpoint });
    const run = sdk.observe(answer, { workflow: "bench", prompt: "Sort it.", model: "m" });
    const micros = await cpuPerRun(run, () => sdk.flush());
    const { delivered } = sdk.stats();
    if (delivered < calls) throw new Error(`only ${delivered} delivered`);
    return micros;
  },
  async cpuSpan(endpoint) {
    const { tracer, provider } = await otel(endpoint);
    return cpuPerRun(spanned(tracer), () => provider.forceFlush());
  },
  /** Runs that arrive of a synchronous burst of 10,000, and what the sender says about the rest. */
  async burstObserve(endpoint) {
    const sdk = await import("@evenkeel/sdk");
    sdk.configure({ endpoint });
    const run = sdk.observe(answer, { workflow: "burst" });
    for (let n = 0; n < 10_000; n += 1) run(input(n));
    await sdk.shutdown();
    const { delivered, dropped } = sdk.stats();
    return { delivered, dropped: Object.values(dropped).reduce((a, b) => a + b, 0) };
  },
  async burstSpan(endpoint) {
    const { tracer, provider, exported } = await otel(endpoint);
    const run = spanned(tracer);
    for (let n = 0; n < 10_000; n += 1) run(input(n));
    await provider.shutdown();
    return { delivered: exported(), dropped: 0 };
  },
  /** Megabytes held after 200,000 runs with nobody listening, and what was counted as dropped. */
  async memoryDown() {
    const sdk = await import("@evenkeel/sdk");
    sdk.configure({ endpoint: "http://127.0.0.1:9" });
    const run = sdk.observe(answer, { workflow: "down" });
    const before = held();
    for (let n = 0; n < 200_000; n += 1) {
      run(input(n));
      if (n % 1000 === 0) await new Promise(setImmediate);
    }
    const { waiting, dropped } = sdk.stats();
    return { megabytes: (held() - before) / 1e6, waiting, dropped: dropped.queue_full };
  },
  /** Delay of the host's event loop in milliseconds at 1,000 runs a second. */
  async loopObserve(endpoint) {
    const sdk = await import("@evenkeel/sdk");
    sdk.configure({ endpoint });
    return loopDelay(sdk.observe(answer, { workflow: "loop" }));
  },
  async loopSpan(endpoint) {
    const { tracer } = await otel(endpoint);
    return loopDelay(spanned(tracer));
  },
  async loopBare() {
    return loopDelay(answer);
  },
  /** Microseconds of a cached gate. */
  async gate(endpoint) {
    const { gate } = await import("@evenkeel/sdk");
    const { configure } = await import("@evenkeel/sdk");
    configure({ endpoint });
    await gate("bench", { maxAgeMs: 1e8 });
    const startMs = performance.now();
    for (let n = 0; n < 100_000; n += 1) await gate("bench", { maxAgeMs: 1e8 });
    return ((performance.now() - startMs) * 1000) / 100_000;
  },
};

/** The stock pipeline as its documents set it up: batch processor, OTLP protobuf exporter, defaults. */
async function otel(endpoint) {
  const { BasicTracerProvider, BatchSpanProcessor } = await import("@opentelemetry/sdk-trace-base");
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  let exported = 0;
  const exportSpans = exporter.export.bind(exporter);
  exporter.export = (spans, done) =>
    exportSpans(spans, (result) => {
      if (result.code === 0) exported += spans.length;
      done(result);
    });
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  return { provider, tracer: provider.getTracer("bench"), exported: () => exported };
}

function spanned(tracer) {
  return (ticket) => {
    const span = tracer.startSpan("bench");
    span.setAttribute("evenkeel.workflow", "bench");
    span.setAttribute("evenkeel.input", JSON.stringify(ticket));
    const result = answer(ticket);
    span.setAttribute("evenkeel.output", JSON.stringify(result));
    span.end();
    return result;
  };
}

/** The median of the ratios within each round. */
function ratio(ours, theirs) {
  return median(ours.map((value, round) => value / theirs[round]));
}

/** Calls come a few hundred at a time with pauses between, as in a host, so that queues drain and spans are kept. */
async function microsPerCall(run) {
  const tickets = Array.from({ length: 500 }, (_, n) => input(n));
  const slices = [];
  for (let slice = 0; slice < 40; slice += 1) {
    const startNs = process.hrtime.bigint();
    for (const ticket of tickets) run(ticket);
    slices.push(Number(process.hrtime.bigint() - startNs) / 1000 / tickets.length);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return median(slices.slice(10));
}

async function cpuPerRun(run, flush) {
  const burst = async (count) => {
    for (let n = 0; n < count; n += 500) {
      for (let k = 0; k < 500; k += 1) run(input(n + k));
      await flush();
    }
  };
  await burst(5000);
  const before = process.cpuUsage();
  await burst(calls);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

async function loopDelay(run) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  for (let n = 0; n < 1000; n += 1) run(input(n));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  histogram.enable();
  const endMs = performance.now() + (quick ? 2000 : 6000);
  const turns = longestTurn(endMs);
  for (let n = 0; performance.now() < endMs; ) {
    for (let k = 0; k < 10; k += 1) run(input(n++));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  histogram.disable();
  // The timer itself has a resolution of 1 ms.
  return { p99: histogram.percentile(99) / 1e6 - 1, max: histogram.max / 1e6 - 1, turn: await turns };
}

/** The longest turn of the event loop until then, in milliseconds of its thread's own processor time. */
async function longestTurn(endMs) {
  let longestMs = 0;
  for (let beforeMs = threadCpuMs(); performance.now() < endMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const nowMs = threadCpuMs();
    longestMs = Math.max(longestMs, nowMs - beforeMs);
    beforeMs = nowMs;
  }
  return longestMs;
}

/** Of this thread; 0 where there is no /proc. */
function threadCpuMs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ")[0]) / 1e6;
  } catch {
    return 0;
  }
}

function held() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function child(name, endpoint) {
  return new Promise((resolve, reject) => {
    const host = fork(self, ["--task", name, endpoint, ...(quick ? ["--quick"] : [])], {
      execArgv: ["--expose-gc", "--no-warnings"],
    });
    host.once("message", resolve);
    host.once("exit", (code) => reject(new Error(`${name} ended with ${code}`)));
  });
}

async function measure(names, endpoint) {
  const values = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) values[name].push(await child(name, endpoint));
  }
  return values;
}

/** What can be measured, each answering its lines of the table. */
const sections = {
  async call(endpoint) {
    const took = await measure(["callBare", "callSpan", "callObserve"], endpoint);
    const rate = ratio(took.callObserve, took.callSpan);
    return [
      row("a bare call, µs", median(took.callBare).toFixed(2)),
      row("observe, µs a call", median(took.callObserve).toFixed(2)),
      row("bare OTel span with the same content, µs", median(took.callSpan).toFixed(2)),
      row("ratio", rate.toFixed(2), "≤ 0.85", rate <= 0.85),
    ];
  },
  async cpu(endpoint) {
    const took = await measure(["cpuSpan", "cpuObserve"], endpoint);
    const rate = ratio(took.cpuObserve, took.cpuSpan);
    return [
      row("CPU a run to the acknowledgement, µs", median(took.cpuObserve).toFixed(1)),
      row("the stock pipeline, µs", median(took.cpuSpan).toFixed(1)),
      row("ratio", rate.toFixed(2), "≤ 0.70", rate <= 0.7),
    ];
  },
  async burst(endpoint) {
    const { delivered, dropped } = await child("burstObserve", endpoint);
    const stock = await child("burstSpan", endpoint);
    const isWhole = delivered + dropped === 10_000;
    return [
      row("of a burst of 10,000: delivered + counted", `${delivered} + ${dropped}`, "10,000", isWhole),
      row("the stock pipeline: delivered", stock.delivered),
    ];
  },
  async memory(endpoint) {
    const { megabytes, waiting, dropped } = await child("memoryDown", endpoint);
    const isWhole = waiting + dropped === 200_000;
    return [
      row("MB held after 200,000 runs, sidecar down", megabytes.toFixed(0), "≤ 128", megabytes <= 128),
      row("of these waiting + counted as dropped", `${waiting} + ${dropped}`, "200,000", isWhole),
    ];
  },
  async loop(endpoint) {
    const names = ["loopBare", "loopSpan", "loopObserve"];
    const took = await measure(names, endpoint);
    return names.flatMap((name) => {
      const [p99, max, turn] = ["p99", "max", "turn"].map((part) =>
        median(took[name].map((delay) => delay[part])),
      );
      const isOurs = name === "loopObserve";
      const bar = isOurs ? "< 5" : "";
      const who = name.slice(4);
      return [
        row(
          `event loop delay, ms: p99, max (${who})`,
          `${p99.toFixed(1)}, ${max.toFixed(1)}`,
          bar,
          !isOurs || max < 5,
        ),
        row(`longest turn, ms of processor time (${who})`, turn.toFixed(1), bar, !isOurs || turn < 5),
      ];
    });
  },
  async gate(endpoint) {
    const micros = await child("gate", endpoint);
    return [row("cached gate, µs", micros.toFixed(2), "< 50", micros < 50)];
  },
};

function row(what, figure, bar = "", ok = true) {
  return { what, figure, bar, ok: ok ? "yes" : "NO" };
}

async function report(names, endpoint) {
  let isKept = true;
  for (const name of names) {
    console.error(`measuring ${name}, ${((performance.now() - startMs) / 1000).toFixed(0)} s so far`);
    const rows = await sections[name](endpoint);
    console.table(rows);
    isKept &&= rows.every(({ ok }) => ok === "yes");
  }
  const [load] = loadavg();
  console.log(`load average ${load.toFixed(1)}; ${isKept ? "every bar is kept" : "a bar is missed"}`);
  process.exitCode = isKept ? 0 : 1;
}

function receive() {
  const gate = JSON.stringify({ workflow: "bench", state: "running", reason: "", incident_id: "" });
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end(request.url.endsWith("/gate") ? gate : ""));
  });
  server.listen(0, "127.0.0.1", () => process.send(server.address().port));
}

/** The sections that the command line names; all where it names none. */
function chosen() {
  const named = process.argv.slice(2).filter((word) => word !== "--quick");
  const unknown = named.filter((name) => !Object.hasOwn(sections, name));
  const known = Object.keys(sections);
  if (unknown.length > 0)
    throw new Error(`Cannot measure '${unknown.join("', '")}': there are ${known.join(", ")}`);
  return named.length === 0 ? known : named;
}

const [mode, name, endpoint] = process.argv.slice(2);
if (mode === "--task") {
  process.send(await tasks[name](endpoint), () => process.exit(0));
} else if (mode === "--receive") {
  receive();
} else {
  const names = chosen();
  const receiver = fork(self, ["--receive"]);
  const port = await new Promise((resolve) => receiver.once("message", resolve));
  await report(names, `http://127.0.0.1:${port}`).finally(() => receiver.kill());
}
