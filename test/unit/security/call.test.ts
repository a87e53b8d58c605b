import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCall, type HttpCall } from "../../../src/alerts/call.ts";
import { TransientError } from "../../../src/model/errors.ts";
import { isPrivateAddress } from "../../../src/alerts/private-address.ts";

type Lookup = NonNullable<Parameters<typeof createCall>[0]["lookup"]>;

const secret = "s3cret-in-the-url";
let server: Server;
let port: number;
let reached = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    reached += 1;
    if (request.url?.startsWith("/redirect") === true)
      response.writeHead(302, { location: `http://127.0.0.1:${port}/inside` });
    response.end("inside");
  }).listen(0, "0.0.0.0");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => server.close());

const call = createCall({ timeoutMs: 2000 });
const post = (url: string, publicOnly = true): Promise<unknown> =>
  Promise.resolve().then(() =>
    call({ method: "POST", url, headers: {}, body: "{}", publicOnly } satisfies HttpCall),
  );

/** Ways to write an address of this machine or its network; PORT stands for a port that listens. */
const tricks: [url: string, why: string][] = [
  ["http://127.0.0.1:PORT/", "loopback"],
  ["http://127.1:PORT/", "loopback in two parts"],
  ["http://127.0.1:PORT/", "loopback in three parts"],
  ["http://127.255.255.254:PORT/", "the end of the loopback network"],
  ["http://2130706433:PORT/", "a decimal address"],
  ["http://0x7f000001:PORT/", "a hexadecimal address"],
  ["http://0x7f.0.0.1:PORT/", "a hexadecimal part"],
  ["http://0177.0.0.1:PORT/", "an octal part"],
  ["http://017700000001:PORT/", "an octal address"],
  ["http://127.0.0.1.:PORT/", "a dot at the end"],
  ["http://%31%32%37.0.0.1:PORT/", "percent encoding"],
  ["http://127。0。0。1:PORT/", "ideographic dots"],
  ["http://①②⑦.⓪.⓪.①:PORT/", "circled digits"],
  ["http://0.0.0.0:PORT/", "this host"],
  ["http://0:PORT/", "zero"],
  ["http://[::1]:PORT/", "IPv6 loopback"],
  ["http://[::]:PORT/", "IPv6 unspecified"],
  ["http://[0:0:0:0:0:0:0:1]:PORT/", "IPv6 loopback in full"],
  ["http://[::ffff:127.0.0.1]:PORT/", "IPv4 mapped into IPv6"],
  ["http://[::ffff:7f00:1]:PORT/", "the same in hexadecimal"],
  ["http://[::ffff:0:127.0.0.1]:PORT/", "IPv4 translated (RFC 2765)"],
  ["http://[::127.0.0.1]:PORT/", "IPv4-compatible IPv6"],
  ["http://[64:ff9b::7f00:1]:PORT/", "NAT64"],
  ["http://[64:ff9b:1::7f00:1]:PORT/", "NAT64 for local use (RFC 8215)"],
  ["http://[2002:7f00:1::]:PORT/", "6to4"],
  ["http://[2001:0:7f00:1::]:PORT/", "Teredo"],
  ["http://[fe80::1]:PORT/", "IPv6 link-local"],
  ["http://[fec0::1]:PORT/", "IPv6 site-local"],
  ["http://[fc00::1]:PORT/", "IPv6 unique local"],
  ["http://[fd12:3456::1]:PORT/", "IPv6 unique local, fd"],
  ["http://[ff02::1]:PORT/", "IPv6 multicast"],
  ["http://[100::1]:PORT/", "the IPv6 discard prefix"],
  ["http://10.0.0.1:PORT/", "a private network"],
  ["http://172.16.0.1:PORT/", "a private network"],
  ["http://172.31.255.255:PORT/", "the end of a private network"],
  ["http://192.168.1.1:PORT/", "a private network"],
  ["http://100.64.0.1:PORT/", "carrier NAT"],
  ["http://169.254.169.254/latest/meta-data/", "cloud metadata"],
  ["http://[fd00:ec2::254]/latest/meta-data/", "cloud metadata over IPv6"],
  ["http://192.0.0.192/", "cloud metadata of another provider"],
  ["http://198.18.0.1/", "a network for benchmarks"],
  ["http://192.88.99.1/", "the 6to4 relay"],
  ["http://224.0.0.1/", "multicast"],
  ["http://255.255.255.255/", "broadcast"],
  ["http://localhost:PORT/", "a name of loopback"],
  ["http://LOCALHOST:PORT/", "the same in capitals"],
  ["http://localhost.:PORT/", "a name with a dot at the end"],
  ["http://anything.localhost:PORT/", "a name below localhost"],
  [`http://user:${secret}@127.0.0.1:PORT/`, "userinfo"],
  ["http://public.example@127.0.0.1:PORT/", "a host that is userinfo"],
  ["http://127.0.0.1:PORT\\@public.example/", "a backslash"],
  ["http:127.0.0.1:PORT/", "no slashes"],
  ["http:///127.0.0.1:PORT/", "three slashes"],
  ["\thttp://127.0.0.1:PORT/\n", "white space around"],
  ["file:///etc/passwd", "a file"],
  ["gopher://127.0.0.1:PORT/", "another protocol"],
  ["unix:/var/run/docker.sock", "a socket"],
  ["javascript:alert(1)", "a script"],
  ["//127.0.0.1:PORT/", "no protocol"],
];

describe("createCall()", () => {
  it.each(tricks)("reaches nothing private by %s: %s", async (url) => {
    const before = reached;
    const error = await post(url.replace("PORT", String(port))).catch((cause: unknown) => cause);
    // A name that this machine does not know is no address at all.
    if (error instanceof TransientError) expect(error.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
    else expect(String(error)).toMatch(/Cannot call URL: (its address is not public|it must be an http)/);
    expect(String(error)).not.toContain(secret);
    expect(reached).toBe(before);
  });

  const answers = (...addresses: string[]) => {
    const asked: string[] = [];
    const lookup: Lookup = (hostname, _options, callback) => {
      asked.push(hostname);
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
    };
    return { asked, call: createCall({ timeoutMs: 300, lookup }) };
  };
  const named = { method: "POST", headers: {}, body: "", publicOnly: true } as const;

  it.each([["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["8.8.8.8", "::1"], ["::ffff:10.0.0.1"], []])(
    "refuses a name that resolves to %s",
    async (...addresses) => {
      const { call: callNamed } = answers(...addresses);
      const url = `http://public.example:${port}/`;
      await expect(callNamed({ ...named, url })).rejects.toThrow("its address is not public");
    },
  );

  it("asks for a name's addresses once, so that none can be put in its place after the check", async () => {
    const { asked, call: callNamed } = answers("8.8.8.8");
    await callNamed({ ...named, url: "http://public.example:9/" }).catch(() => undefined);
    expect(asked).toEqual(["public.example"]);
  });

  it("survives a name that cannot be resolved", async () => {
    const lookup = ((_name, _options, callback) => {
      callback(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), undefined as never);
    }) as Lookup;
    const fails = createCall({ timeoutMs: 300, lookup })({ ...named, url: "http://gone.example/" });
    await expect(fails).rejects.toThrow("Cannot get an answer: ENOTFOUND");
  });

  it("reaches a private address where that is allowed, and follows no redirect", async () => {
    const before = reached;
    expect(await post(`http://127.0.0.1:${port}/redirect`, false)).toMatchObject({ status: 302 });
    expect(reached).toBe(before + 1);
  });
});

describe("isPrivateAddress()", () => {
  it.each(["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::200e"])(
    "lets %s pass: it is public",
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );

  it.each(["", "localhost", "1.1.1.1.example", "999.1.1.1", "::ffff:8.8.8.8.8"])(
    "refuses '%s': it is no address",
    (address) => {
      expect(isPrivateAddress(address)).toBe(true);
    },
  );
});
