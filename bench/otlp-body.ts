import protobuf from "protobufjs/minimal.js";

/** A request whose ids can be changed in place, so that a load generator encodes nothing. */
export interface RequestBody {
  bytes: Buffer;
  /** Gives every run ids that were never sent before. */
  renew(random: (bytes: Buffer) => void): void;
}

const words =
  "where is my card payment transfer refund still pending please help account blocked since monday invoice vendor total amount line tax delivery address order number wrong missing twice charged".split(
    " ",
  );

/** Text of about `characters` characters, another one for every `seed`. */
function text(characters: number, seed: number): string {
  let result = "";
  for (let i = seed; result.length < characters; i = (i * 48_271 + 11) % 2_147_483_647) {
    result += `${words[i % words.length] ?? ""} `;
  }
  return result;
}

/** What a ticket-triage workflow would send, about `runBytes` in all. */
function content(runBytes: number, seed: number): { input: string; output: string } {
  const input = {
    ticket: { id: `T-${seed}`, subject: text(40, seed), body: text(runBytes * 0.6, seed) },
    customer: {
      tier: ["free", "pro", "team"][seed % 3],
      country: ["de", "fr", "gb", "us"][seed % 4],
      seats: seed % 50,
    },
  };
  const output = {
    category: ["card_arrival", "refund", "transfer", "fees", "login"][seed % 5],
    priority: 1 + (seed % 4),
    reply: text(Math.max(20, runBytes * 0.4 - 300), seed + 1),
    vendor: seed % 40 === 0 ? null : `Vendor ${seed % 20}`,
  };
  return { input: JSON.stringify(input), output: JSON.stringify(output) };
}

/** Encodes an `ExportTraceServiceRequest` with `runs` root spans as `@evenkeel/sdk` would send them. */
export function otlpBody(runs: number, runBytes: number, seed: number): RequestBody {
  const writer = protobuf.Writer.create();
  const marks: Buffer[] = [];
  const startNs = BigInt(Date.now()) * 1_000_000n;
  const fixed64 = (ns: bigint) => ({
    low: Number(ns & 0xffff_ffffn) | 0,
    high: Number(ns >> 32n) | 0,
    unsigned: true,
  });
  const attribute = (key: string, value: string | number) => {
    writer.uint32(74).fork().uint32(10).string(key).uint32(18).fork();
    if (typeof value === "string") writer.uint32(10).string(value);
    else writer.uint32(24).int64(value);
    writer.ldelim().ldelim();
  };
  writer.uint32(10).fork().uint32(18).fork(); // resource_spans, scope_spans
  for (let i = 0; i < runs; i++) {
    const mark = Buffer.alloc(24);
    mark.fill(`<mark ${seed} ${i}>`);
    marks.push(mark);
    const { input, output } = content(runBytes, seed * 1000 + i);
    writer.uint32(18).fork(); // span
    writer
      .uint32(10)
      .bytes(mark.subarray(0, 16))
      .uint32(18)
      .bytes(mark.subarray(16))
      .uint32(42)
      .string("triage");
    writer.uint32(57).fixed64(fixed64(startNs));
    writer.uint32(65).fixed64(fixed64(startNs + 250_000_000n));
    attribute("evenkeel.workflow", `bench-${i % 5}`);
    attribute("evenkeel.version", "v1");
    attribute("evenkeel.model", "gpt-5-mini");
    attribute("evenkeel.input", input);
    attribute("evenkeel.output", output);
    attribute("gen_ai.usage.input_tokens", 400 + (i % 100));
    attribute("gen_ai.usage.output_tokens", 90 + (i % 30));
    writer.ldelim();
  }
  writer.ldelim().ldelim();
  const bytes = Buffer.from(writer.finish());
  // Two bytes of tag and length stand between the trace id and the span id.
  const places = marks.flatMap((mark) => {
    const at = bytes.indexOf(mark.subarray(0, 16));
    return [bytes.subarray(at, at + 16), bytes.subarray(at + 18, at + 26)];
  });
  return { bytes, renew: (random) => places.forEach(random) };
}

/** The same runs in OTLP's JSON form. */
export function otlpJsonBody(runs: number, runBytes: number, seed: number): RequestBody {
  const startNs = `${Date.now()}000000`;
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
  const count = (key: string, value: number) => ({ key, value: { intValue: String(value) } });
  return bodyWithHexIds(
    runs,
    seed,
    (i, mark) => {
      const { input, output } = content(runBytes, seed * 1000 + i);
      return {
        traceId: mark.slice(0, 32),
        spanId: mark.slice(32),
        name: "triage",
        startTimeUnixNano: startNs,
        endTimeUnixNano: startNs,
        attributes: [
          text("evenkeel.workflow", `bench-${i % 5}`),
          text("evenkeel.version", "v1"),
          text("evenkeel.model", "gpt-5-mini"),
          text("evenkeel.input", input),
          text("evenkeel.output", output),
          count("gen_ai.usage.input_tokens", 400 + (i % 100)),
          count("gen_ai.usage.output_tokens", 90 + (i % 30)),
        ],
      };
    },
    (spans) => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
  );
}

/** The same runs as `POST /v1/runs` takes them. */
export function plainBody(runs: number, runBytes: number, seed: number): RequestBody {
  return bodyWithHexIds(
    runs,
    seed,
    (i, mark) => {
      const { input, output } = content(runBytes, seed * 1000 + i);
      return {
        run_id: mark,
        workflow: `bench-${i % 5}`,
        version: "v1",
        model: "gpt-5-mini",
        inputs: JSON.parse(input) as unknown,
        outputs: JSON.parse(output) as unknown,
        input_tokens: 400 + (i % 100),
        output_tokens: 90 + (i % 30),
      };
    },
    (list) => list,
  );
}

/** Makes a body of JSON in which each run has a mark of 48 hex digits, whole or in two parts that keep their order. */
function bodyWithHexIds(
  runs: number,
  seed: number,
  record: (i: number, mark: string) => object,
  wrap: (records: object[]) => unknown,
): RequestBody {
  const marks = Array.from({ length: runs }, (_, i) =>
    Buffer.from(`<${seed}.${i}>`.padEnd(24)).toString("hex"),
  );
  const bytes = Buffer.from(JSON.stringify(wrap(marks.map((mark, i) => record(i, mark)))));
  const places = marks.flatMap((mark) => {
    const at = bytes.indexOf(mark.slice(0, 32));
    const rest = bytes.indexOf(mark.slice(32), at + 32);
    return [bytes.subarray(at, at + 32), bytes.subarray(rest, rest + 16)];
  });
  const random = Buffer.alloc(24);
  return {
    bytes,
    renew(fill) {
      for (const place of places) {
        fill(random);
        place.write(random.toString("hex", 0, place.length / 2), "latin1");
      }
    },
  };
}
