import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
// @ts-expect-error The package has no types.
import S3rver from "s3rver";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeObjectStore } from "../testing/describe-object-store.ts";
import { s3Store } from "./s3-store.ts";

/** S3 takes no smaller parts. */
const partBytes = 5 * 1024 * 1024;
const largeBytes = 12 * 1024 * 1024;
let stores = 0;

describe("s3Store on s3rver", () => {
  const credentials = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
  let folder = "";
  let server: { run(): Promise<AddressInfo>; close(): Promise<void> };
  let endpoint = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-s3-store-"));
    server = new S3rver({
      ...{ address: "127.0.0.1", port: 0, silent: true, directory: folder },
      configureBuckets: [{ name: "objects", configs: [] }],
    });
    endpoint = `http://127.0.0.1:${(await server.run()).port}`;
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  describeObjectStore("describeObjectStore: s3Store", {
    create: () => {
      stores += 1;
      const prefix = `store-${stores}/`;
      return s3Store({ endpoint, credentials, bucket: "objects", prefix, partBytes });
    },
    ...{ presign: true, largeBytes },
    except: {
      "takes any key, and no other": "s3rver keeps keys as paths of files",
      "lists in pages, by prefix, in the order of keys": "s3rver sorts a/b before a-b",
    },
  });
});

const mocked = spawnSync("moto_server", ["--version"]).error === undefined;
const without = mocked ? "" : ' (skipped: no moto_server; pip install "moto[server]")';

// It is stricter, and tells which uploads are unfinished.
describe.skipIf(!mocked)(`s3Store on moto${without}`, () => {
  const credentials = { accessKeyId: "any", secretAccessKey: "any" };
  let server: ChildProcess;
  let endpoint = "";
  let client: S3Client;
  beforeAll(async () => {
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    server = spawn("moto_server", ["-H", "127.0.0.1", "-p", `${port}`], { stdio: "ignore" });
    process.once("exit", () => server.kill("SIGKILL"));
    const region = "us-east-1";
    client = new S3Client({ endpoint, credentials, region, forcePathStyle: true });
    while (!(await fetch(endpoint).catch(() => undefined))?.ok) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await client.send(new CreateBucketCommand({ Bucket: "objects" }));
  });
  afterAll(async () => {
    client.destroy();
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  });

  describeObjectStore("describeObjectStore: s3Store", {
    create: () => {
      stores += 1;
      const prefix = `store-${stores}/`;
      return s3Store({ endpoint, credentials, bucket: "objects", prefix, partBytes });
    },
    ...{ presign: true, largeBytes },
    // Its web server takes no line breaks.
    exceptKeys: ["new\nline"],
    leftOvers: async () => {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: "objects" }));
      return (Uploads ?? []).map(({ Key }) => `${Key}`);
    },
  });
});

describe("s3Store", () => {
  const credentials = { accessKeyId: "any", secretAccessKey: "any" };

  it("takes a broken connection up again where it broke", async () => {
    const asked: (string | undefined)[] = [];
    const store = createServer((request, response) => {
      asked.push(request.headers.range);
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const range = { "content-range": `bytes ${from}-9/10`, "content-length": 10 - from };
      response.writeHead(from === 0 ? 200 : 206, { etag: '"one"', ...(from > 0 ? range : {}) });
      response.write("0123456789".slice(from, from + 4));
      if (from + 4 >= 10) response.end();
      else setTimeout(() => response.destroy(), 50);
    });
    await once(store.listen(0, "127.0.0.1"), "listening");
    const { port } = store.address() as AddressInfo;
    await using objects = s3Store({
      endpoint: `http://127.0.0.1:${port}`,
      credentials,
      bucket: "b",
    });
    const pieces: Uint8Array[] = [];
    for await (const piece of objects.get("key")) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe("0123456789");
    expect(asked).toEqual([undefined, "bytes=4-", "bytes=8-"]);
    store.close();
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
