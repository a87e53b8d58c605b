import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readCsv } from "../../../src/import/read-csv.ts";
import { readJsonArray } from "../../../src/import/read-json-array.ts";
import { readJsonl } from "../../../src/import/read-jsonl.ts";
import { type FileRecord, recordBytesMax } from "../../../src/import/record.ts";

/** A stream of the text in chunks of `size` bytes, so that lines and characters are cut anywhere. */
function inChunks(text: string, size: number): Readable {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return Readable.from(chunks);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const short = (record: FileRecord) =>
  record.kind === "bad" ? [record.line, record.why] : [record.line, { ...record.columns }];

describe("readJsonl()", () => {
  const text = '\uFEFF{"a":"ä"}\r\n\n  \nnot json\n[1]\n{"big":12345678901234567890}';
  const expected = [
    [1, { a: "ä" }],
    [4, "it is not JSON"],
    [5, "it is not a JSON object"],
    [6, { big: "12345678901234567890" }],
  ];

  it.each([1, 3, 1000])("readJsonl() gives the same records whatever the chunks: %i bytes", async (size) => {
    const records = await all(readJsonl(inChunks(text, size)));
    expect(records.map(short)).toEqual(expected);
  });

  it("readJsonl() refuses a line that is too long, holds none of it, and reads on", async () => {
    let heldMax = 0;
    const mebibyte = Buffer.alloc(1024 * 1024, 0x61);
    function* content() {
      for (let part = 0; part < 3 * (recordBytesMax / mebibyte.length); part++) {
        yield mebibyte;
        heldMax = Math.max(heldMax, part);
      }
      yield Buffer.from('\n{"a":1}\n');
    }
    const records = await all(readJsonl(Readable.from(content(), { objectMode: true })));
    expect(heldMax).toBeGreaterThan(40);
    expect(records.map(short)).toEqual([
      [1, `it is longer than ${recordBytesMax} bytes`],
      [2, { a: 1 }],
    ]);
  });
});

describe("readCsv()", () => {
  const read = async (text: string, delimiter = ",") => {
    const { header, records } = await readCsv(inChunks(text, 7), delimiter);
    return { header, records: (await all(records)).map(short) };
  };

  const cases = [
    {
      why: "line ends and quotes in cells",
      text: 'a,b\r\n"x\ny","say ""hi"""\n2,ok\n',
      records: [
        [2, { a: "x\ny", b: 'say "hi"' }],
        [4, { a: "2", b: "ok" }],
      ],
    },
    {
      why: "a byte order mark, spaces in the header",
      text: "\uFEFFa , b\n1,2\n",
      records: [[2, { a: "1", b: "2" }]],
    },
    {
      why: "records of the wrong length, set aside alone",
      text: "a,b\n1\n1,2,3\n4,5\n",
      records: [
        [2, "it has 1 cell, and the header has 2"],
        [3, "it has 3 cells, and the header has 2"],
        [4, { a: "4", b: "5" }],
      ],
    },
    {
      why: "a stray quote, kept as it is",
      text: 'a,b\n2,"bad"q\n3,5" pipe\n4,ok\n',
      records: [
        [2, { a: "2", b: '"bad"q' }],
        [3, { a: "3", b: '5" pipe' }],
        [4, { a: "4", b: "ok" }],
      ],
    },
    {
      why: "a quote that is never closed, told with its line",
      text: 'a,b\n1,2\n3,"open\n4,5\n',
      records: [
        [2, { a: "1", b: "2" }],
        [3, "a quote in it is never closed; nothing after it was read"],
      ],
    },
  ];
  it.each(cases)("readCsv() reads $why", async ({ text, records }) => {
    expect((await read(text)).records).toEqual(records);
  });

  it("readCsv() ends with a record that is too long, and holds little of what follows", async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 0x61);
    function* content() {
      yield Buffer.from('a,b\n1,2\n3,"');
      for (let part = 0; part < 60; part++) yield mebibyte;
    }
    const { records } = await readCsv(Readable.from(content()), ",");
    expect((await all(records)).map(short)).toEqual([
      [2, { a: "1", b: "2" }],
      [3, `it is longer than ${recordBytesMax} bytes; nothing after it was read`],
    ]);
  });

  it("readCsv() takes another delimiter", async () => {
    expect((await read("a;b\n1,5;2\n", ";")).records).toEqual([[2, { a: "1,5", b: "2" }]]);
  });

  it("readCsv() names a column without what a terminal would take for a command", async () => {
    const name = "\u001b]0;evil\u0007" + "x".repeat(5000);
    await expect(read(`${name},${name}\n`)).rejects.toThrow(/named '\?\]0;evil\?x{91}'$/);
  });

  it("readCsv() reads a header of very many columns in time", async () => {
    const { header } = await readCsv(
      inChunks(Array.from({ length: 200_000 }, (_, n) => `c${n}`).join(), 65_536),
      ",",
    );
    expect(header).toHaveLength(200_000);
  });

  it("readCsv() keeps a column named __proto__ as a column", async () => {
    const { records } = await readCsv(inChunks("__proto__,b\n1,2\n", 99), ",");
    const [record] = await all(records);
    expect(record?.kind === "record" && Object.keys(record.columns)).toEqual(["__proto__", "b"]);
  });

  it.each([
    { why: "no header", text: "", message: /no header/ },
    { why: "two columns of one name", text: "a,b,a\n", message: /two columns are named 'a'/ },
  ])("readCsv() refuses $why", async ({ text, message }) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe("readJsonArray()", () => {
  const text = '\uFEFF \n[{"a":"ä,]\\"["}, {"b":{"c":[1,{"d":2}]}} ,7,{"e":}, {"f":1}\n]\n';
  const expected = [
    [1, { a: 'ä,]"[' }],
    [2, { b: { c: [1, { d: 2 }] } }],
    [3, "it is not a JSON object"],
    [4, "it is not JSON"],
    [5, { f: 1 }],
  ];

  it.each([1, 2, 3, 7, 1000])("gives the same records whatever the chunks: %i bytes", async (size) => {
    expect((await all(readJsonArray(inChunks(text, size)))).map(short)).toEqual(expected);
  });

  const lists = [
    { why: "an empty list", text: "[]", records: [] },
    {
      why: "a list that is cut off",
      text: '[{"a":1},{"b"',
      records: [
        [1, { a: 1 }],
        [2, "it is not JSON"],
      ],
    },
    { why: "a comma too many", text: '[{"a":1},]', records: [[1, { a: 1 }]] },
    { why: "nothing", text: "", records: [] },
  ];
  it.each(lists)("reads $why", async ({ text: given, records }) => {
    expect((await all(readJsonArray(inChunks(given, 3)))).map(short)).toEqual(records);
  });

  it.each(['{"a":1}', "7", '[1]\n{"a":1}'])("refuses what is no list: %s", async (given) => {
    await expect(all(readJsonArray(inChunks(given, 3)))).rejects.toThrow("must hold one list");
  });

  it("refuses a record that is too long, and reads on", async () => {
    const long = `[{"a":"${"x".repeat(recordBytesMax)}"},{"b":1}]`;
    const records = await all(readJsonArray(inChunks(long, 1 << 20)));
    expect(records.map(short)).toEqual([
      [1, `it is longer than ${recordBytesMax} bytes`],
      [2, { b: 1 }],
    ]);
  });
});
