import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { RunEvent } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { sevenZipBytes } from "../../test/seven-zip-bytes.ts";
import { zipBytes } from "../../test/zip-bytes.ts";
import { inspect } from "../inspect/inspect.ts";
import { identifyPeriodFile } from "../oceanstor/file-name.ts";
import { addressGuard, isPublicAddress, publicOnly } from "./address-guard.ts";
import { archive } from "./archive-source.ts";
import { findInput } from "./find-input.ts";
import { HttpClient } from "./http-client.ts";
import type { ArchiveLimits } from "./limits.ts";
import type { RemoteOptions } from "./open-remote.ts";

const member = (minute: number) => `PerfData_D_SN_A1_SP0_0_2025102000${minute + 10}00.tgz`;
const noise = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * i) >> 3));
const large = zipBytes([
  { name: "filler.bin", bytes: noise(3_000_000) },
  ...[0, 1, 2].map((i) => ({ name: member(i), bytes: noise(200_000 + i) })),
]);
const small = zipBytes([{ name: member(0), bytes: Buffer.from("x") }]);

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
});

interface Served {
  bytes: Buffer;
  etag?: string;
  modified?: string;
}

/** A web server with ranges; `before` may answer instead, by returning true. */
async function serve(
  served: Served,
  before: (request: IncomingMessage, response: ServerResponse, count: number) => boolean = () =>
    false,
) {
  const requests: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    if (before(request, response, requests.length)) return;
    answer(request, response, served);
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}/d/archive.zip`, requests, server };
}

function answer(request: IncomingMessage, response: ServerResponse, served: Served): void {
  const { bytes, etag, modified } = served;
  if (etag !== undefined) response.setHeader("etag", etag);
  if (modified !== undefined) response.setHeader("last-modified", modified);
  const condition = request.headers["if-range"];
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  if (
    from === undefined ||
    (condition !== undefined && ![etag, modified].includes(String(condition)))
  ) {
    response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    return;
  }
  const part = bytes.subarray(Number(from), Number(to) + 1);
  const range = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { "content-length": part.length, "content-range": range }).end(part);
}

const HERE: RemoteOptions = {
  allowPrivateAddresses: true,
  retry: { firstDelayMs: 1, maxDelayMs: 2, tries: 4 },
};

async function read(url: string, remote = HERE, limits: Partial<ArchiveLimits> = {}) {
  const context = testContext();
  const source = archive(url, { identify: identifyPeriodFile, remote, limits });
  const sizes: number[] = [];
  const errors: string[] = [];
  for await (const item of source.open(context)) {
    if ("bytes" in item) sizes.push(item.bytes.length);
    else errors.push(item.error.message);
  }
  for (const event of context.events as readonly RunEvent[]) {
    if (event.type === "origin-read" && event.outcome === "failed") errors.push(...event.problems);
  }
  return { sizes, errors, events: JSON.stringify(context.events), meter: context.meter };
}

const SIZES = [200_000, 200_001, 200_002];

describe("archive: a URL", () => {
  it("reads a zip in parts, in few requests, and not what is not wanted", async () => {
    const { url, requests } = await serve({ bytes: large, etag: '"1"' });
    const { sizes, errors, meter } = await read(url);
    expect(sizes).toEqual(SIZES);
    expect(errors).toEqual([]);
    expect(meter.bytes).toBe(large.length);
    expect(meter.bytesTotal).toBe(large.length);
    expect(requests.length).toBeLessThan(8);
    expect(requests.slice(1).every((headers) => headers["if-range"] === '"1"')).toBe(true);
  });

  it("asks once for a small file", async () => {
    const { url, requests } = await serve({ bytes: small });
    expect((await read(url)).sizes).toEqual([1]);
    expect(requests).toHaveLength(1);
  });

  it("reads a 7z, a single file and an empty answer", async () => {
    const seven = await serve({ bytes: await sevenZipBytes([[member(0), Buffer.from("abc")]]) });
    expect((await read(seven.url.replace("zip", "7z"))).sizes).toEqual([3]);
    const single = await serve({ bytes: Buffer.from("abc") });
    expect((await read(single.url.replace("archive.zip", member(0)))).sizes).toEqual([3]);
    const none = await serve({ bytes: Buffer.alloc(0) }, (_request, response) => {
      response.writeHead(416, { "content-range": "bytes */0" }).end();
      return true;
    });
    expect((await read(none.url)).errors.join()).toMatch(/is called \.zip but is none/);
  });

  it("is inspected", async () => {
    const { url } = await serve({ bytes: small });
    expect((await inspect(url, { remote: HERE })).files.total).toBe(1);
  });

  it("notices that the file was changed", async () => {
    for (const kind of ["etag", "modified", "weak", "size"] as const) {
      const date = (day: number) => `Mon, 0${day} Nov 2025 00:00:00 GMT`;
      const stamp = (day: number): Partial<Served> =>
        kind === "etag"
          ? { etag: `"${day}"` }
          : kind === "weak"
            ? { etag: `W/"${day}"` }
            : kind === "modified"
              ? { modified: date(day) }
              : {};
      const served: Served = { bytes: large, ...stamp(1) };
      const { url } = await serve(served, (_request, _response, count) => {
        if (count === 3) Object.assign(served, stamp(2));
        if (count === 3 && kind === "size") served.bytes = Buffer.concat([large, Buffer.of(0)]);
        return false;
      });
      const { sizes, errors } = await read(url);
      expect(sizes.length, kind).toBeLessThan(3);
      expect(errors.join(), kind).toMatch(/was changed while it was read; read it again/);
    }
  });

  it("takes a part that does not repeat when the file was changed", async () => {
    const modified = "Mon, 03 Nov 2025 00:00:00 GMT";
    const served: Served = { bytes: large, modified };
    const { url, requests } = await serve(served, (request, response, count) => {
      if (count === 1) return false;
      expect(request.headers["if-range"]).toBe(modified);
      delete request.headers["if-range"];
      answer(request, response, { bytes: large });
      return true;
    });
    expect((await read(url)).sizes).toEqual(SIZES);
    expect(requests.length).toBeGreaterThan(2);
  });

  it("goes on after a cut answer, a refusal that may pass and a lost connection", async () => {
    const { url, requests } = await serve(
      { bytes: large, etag: '"1"' },
      (request, response, count) => {
        if (count === 1) response.writeHead(503, { "retry-after": "0.001" }).end();
        else if (count === 2) request.socket.destroy();
        else if (count % 2 === 1 && count < 12 && request.headers["if-range"] !== undefined) {
          const [from = 0, to = 0] = (request.headers.range ?? "").match(/\d+/g)?.map(Number) ?? [];
          const last = Math.min(to, large.length - 1);
          response.writeHead(206, {
            "content-length": last - from + 1,
            "content-range": `bytes ${from}-${last}/${large.length}`,
            etag: '"1"',
          });
          response.write(large.subarray(from, from + Math.ceil((last - from) / 2)), () => {
            response.destroy();
          });
        } else return false;
        return true;
      },
    );
    const { sizes, errors } = await read(url);
    expect(errors).toEqual([]);
    expect(sizes).toEqual(SIZES);
    expect(requests.length).toBeGreaterThan(5);
  });

  it("gives up on a server that stays away, after the given tries", async () => {
    const { url, requests } = await serve({ bytes: small }, (_request, response) => {
      response.writeHead(500).end();
      return true;
    });
    const { errors } = await read(url);
    expect(errors.join()).toMatch(/is refused by its server with status 500/);
    expect(requests).toHaveLength(4);
  });

  it.each([
    [404, /status 404/],
    [401, /status 401; check user and password/],
  ])("says at once what %s means", async (status, message) => {
    const { url, requests } = await serve({ bytes: small }, (_request, response) => {
      response.writeHead(status).end();
      return true;
    });
    expect((await read(url)).errors.join()).toMatch(message);
    expect(requests).toHaveLength(1);
  });

  it("sends user and password to their server alone, and shows them to nobody", async () => {
    const other = await serve({ bytes: small });
    const { url, requests, port } = await serve({ bytes: small }, (request, response) => {
      if (!request.url?.startsWith("/d/")) return false;
      response
        .writeHead(302, { location: `http://127.0.0.1:${other.port}/x.zip?sign=hidden` })
        .end();
      return true;
    });
    const secret = url.replace("//", "//me:pass%20word@").concat("?token=hidden");
    const { sizes, events } = await read(secret);
    expect(sizes).toEqual([1]);
    expect(requests[0]?.authorization).toBe(`Basic ${btoa("me:pass word")}`);
    expect(other.requests[0]?.authorization).toBeUndefined();
    expect((await read(url.replace("//", "//100%25:%zz@"))).sizes).toEqual([1]);
    const broken = await read(`http://me:pass%20word@127.0.0.1:${port}/d?token=hidden`, {
      ...HERE,
      allowPrivateAddresses: false,
    });
    expect(broken.errors).toHaveLength(1);
    const gone = await serve({ bytes: small }, (_request, response) => {
      response.writeHead(403).end();
      return true;
    });
    const refused = await read(gone.url.replace("//", "//me:pass%20word@").concat("?token=hidden"));
    expect(refused.errors).toHaveLength(1);
    for (const text of [events, broken.events, refused.events, ...broken.errors]) {
      expect(text).not.toMatch(/pass( |%20)word|hidden|me:/);
    }
    expect(refused.events).toContain("***@127.0.0.1");
  });

  it("keeps the answer of a server without ranges in memory, up to the limit", async () => {
    const { url } = await serve({ bytes: large }, (_request, response) => {
      response.writeHead(200).end(large);
      return true;
    });
    const { sizes, events } = await read(url);
    expect(sizes).toEqual(SIZES);
    expect(events).toContain("the server sends no parts, so its answer is kept in memory");
    const { errors } = await read(url, HERE, { nestedBytes: 1_000_000 });
    expect(errors.join()).toMatch(
      /sends no parts of files, .* download it first, or raise the limit "nestedBytes"/,
    );
  });

  it("ends with a server that lies about ranges or sends crumbs", async () => {
    const lie = await serve({ bytes: large }, (request, response) => {
      if (!/bytes=0-/.test(request.headers.range ?? "")) return false;
      response.writeHead(206, { "content-range": `bytes 5-9/${large.length}` }).end("abcde");
      return true;
    });
    expect((await read(lie.url)).errors.join()).toMatch(/the server does not know ranges/);
    const crumbs = await serve({ bytes: large }, (request, response) => {
      const [from = 0] = (request.headers.range ?? "").match(/\d+/g)?.map(Number) ?? [];
      const range = `bytes ${from}-${from}/${large.length}`;
      response.writeHead(206, { "content-range": range }).end(large.subarray(from, from + 1));
      return true;
    });
    expect((await read(crumbs.url)).errors.join()).toMatch(/comes in 20 answers of 1 bytes/);
    const wide = await serve({ bytes: large }, (_request, response) => {
      const range = "bytes 0-9/9007199254740993";
      response.writeHead(206, { "content-range": range }).end("PK\x03\x04abcdef");
      return true;
    });
    expect((await read(wide.url)).errors).toHaveLength(1);
  });

  it("ends when it is aborted", async () => {
    const { url } = await serve({ bytes: large }, () => true);
    const reason = new Error("enough");
    const signal = AbortSignal.timeout(50);
    await expect(inspect(url, { remote: HERE, signal })).rejects.toBe(await aborted(signal));
    await expect(inspect(url, { remote: HERE, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});

async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await once(signal, "abort");
  return signal.reason;
}

describe("where URLs may lead", () => {
  it.each([
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "ff02::1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "no address",
  ])("calls %s not public", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(["8.8.8.8", "172.32.0.1", "2606:4700::1111"])("calls %s public", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    "http://127.0.0.1:1/a.zip",
    "http://2130706433:1/a.zip",
    "http://0x7f.1:1/a.zip",
    "http://[::1]:1/a.zip",
    "http://[::ffff:7f00:1]:1/a.zip",
    "http://localhost:1/a.zip",
    "http://169.254.169.254/latest/meta-data/a.zip",
  ])("refuses %s", async (url) => {
    const { errors } = await read(url, { retry: { tries: 1 } });
    expect(errors.join()).toMatch(/is no public address.*"allowPrivateAddresses"/);
  });

  it("checks each redirect, its scheme and their number", async () => {
    const target = { location: "" };
    const { url, requests } = await serve({ bytes: small }, (_request, response) => {
      response.writeHead(302, { location: target.location }).end();
      return true;
    });
    const guard = addressGuard((address) => address === "127.0.0.1");
    const part = async (location: string) => {
      target.location = location;
      const client = new HttpClient(url, guard);
      const found = client.part(0, 10, undefined, 100, undefined);
      return await found
        .then(
          () => "read",
          ({ message }: Error) => message,
        )
        .finally(() => client.close());
    };
    expect(await part("http://127.0.0.2:1/")).toMatch(/127\.0\.0\.2 is no public address/);
    expect(await part("http://[::1]:1/")).toMatch(/::1 is no public address/);
    expect(await part("//169.254.169.254/")).toMatch(/169\.254\.169\.254 is no public address/);
    expect(await part("file:///etc/passwd")).toMatch(/which is neither http nor https/);
    expect(await part("http://")).toMatch(/neither http nor https/);
    requests.length = 0;
    expect(await part("/again")).toMatch(/redirects more than 5 times/);
    expect(requests).toHaveLength(6);
  });

  it("checks the address that is connected to, not the name", async () => {
    const { port, requests } = await serve({ bytes: small });
    const client = new HttpClient(`http://localhost:${port}/a.zip`, publicOnly);
    await expect(client.part(0, 10, undefined, 100, undefined)).rejects.toMatchObject({
      code: "UNSUPPORTED",
      retryable: false,
    });
    await client.close();
    expect(requests).toHaveLength(0);
  });
});

describe("findInput", () => {
  it.each(["https://me:pass@host/a.zip", "http://host/", "s3://bucket/key", "s3://bucket/a/"])(
    "accepts %s",
    async (input) => {
      expect(await findInput(input)).toBeUndefined();
    },
  );

  it.each([
    "ftp://me:pass@host/a.zip",
    "file:///a.zip",
    "https://",
    "s3://bucket",
    "s3:///key",
    "s3://B/k",
  ])("refuses %s", async (input) => {
    const error = await findInput(input).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "INVALID_OPTION" });
    expect((error as Error).message).not.toContain("pass");
  });
});
