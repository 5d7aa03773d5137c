import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
// @ts-expect-error The package has no types.
import S3rver from "s3rver";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MillraceError } from "../errors.ts";
import { s3Objects } from "./s3-objects.ts";

const credentials = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
const body = Buffer.from("0123456789");
let folder = "";
let server: { run(): Promise<AddressInfo>; close(): Promise<void> };
let endpoint = "";
let client: S3Client;

const put = (Key: string, Body: Buffer) =>
  client.send(new PutObjectCommand({ Bucket: "archives", Key, Body }));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-s3-"));
  server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    silent: true,
    directory: folder,
    configureBuckets: [{ name: "archives", configs: [] }],
  });
  const { port } = await server.run();
  endpoint = `http://127.0.0.1:${port}`;
  client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  for (const key of ["a/1.zip", "a/2 ü%.zip", "b/3.zip"]) await put(key, body);
});

afterAll(async () => {
  client.destroy();
  await server.close();
  await rm(folder, { recursive: true });
});

/** What a call ends with. */
async function failure(call: Promise<unknown>): Promise<MillraceError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(MillraceError.is(error)).toBe(true);
  return error as MillraceError;
}

describe("s3Objects", () => {
  it("lists, heads and reads objects of a store that asks who calls", async () => {
    const objects = s3Objects({ endpoint, credentials });
    const keys: string[] = [];
    for await (const { key, sizeBytes } of objects.list("archives", "a/")) {
      keys.push(`${key} ${sizeBytes}`);
    }
    expect(keys).toEqual(["a/1.zip 10", "a/2 ü%.zip 10"]);
    const { sizeBytes, etag } = await objects.head("archives", "a/2 ü%.zip");
    expect(sizeBytes).toBe(10);
    const range = { bucket: "archives", key: "a/2 ü%.zip", etag };
    const text = async (offset: number, length: number) =>
      (await objects.read({ ...range, offset, length })).toString();
    expect(await text(0, 4)).toBe("0123");
    expect(await text(6, 2)).toBe("67");
    expect(await text(8, 100)).toBe("89");
    await objects.close();
  });

  it("leaves a given client open", async () => {
    const objects = s3Objects({ client });
    await objects.head("archives", "a/1.zip");
    await objects.close();
    await client.send(new PutObjectCommand({ Bucket: "archives", Key: "c", Body: body }));
  });

  it("notices that an object was replaced", async () => {
    await put("changing", body);
    const objects = s3Objects({ client });
    const { etag } = await objects.head("archives", "changing");
    await put("changing", Buffer.from("9876543210"));
    const range = { bucket: "archives", key: "changing", etag, offset: 0, length: 5 };
    expect(await failure(objects.read(range))).toMatchObject({
      code: "CORRUPT_INPUT",
      message:
        "s3://archives/changing was replaced while it was read; read it again from the start.",
    });
  });

  it("says what is missing and what is not allowed", async () => {
    const objects = s3Objects({ client });
    expect(await failure(objects.head("archives", "none"))).toMatchObject({
      code: "NOT_FOUND",
      message: "s3://archives/none: there is no such object.",
    });
    const range = { bucket: "elsewhere", key: "x", offset: 0, length: 1 };
    expect((await failure(objects.read(range))).message).toMatch(/its bucket does not exist/);
    const wrong = s3Objects({
      endpoint,
      credentials: { accessKeyId: "unknown", secretAccessKey: "wrong" },
    });
    const refused = await failure(wrong.head("archives", "a/1.zip"));
    expect(refused).toMatchObject({ code: "REMOTE_FAILED", retryable: false });
    expect(refused.message).toMatch(/check the credentials and their rights/);
    await wrong.close();
  });

  it("ends with the reason of its signal", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    const objects = s3Objects({ client });
    await expect(objects.head("archives", "a/1.zip", signal)).rejects.toBe(reason);
  });

  it("refuses a store that does not know ranges, and takes no more than it asked for", async () => {
    const ranges = ["", "bytes 3-9/10"];
    const store = createServer((_request, response) => {
      const range = ranges.shift();
      response.writeHead(range ? 206 : 200, range ? { "content-range": range } : {});
      response.end("0123456789");
    });
    await once(store.listen(0, "127.0.0.1"), "listening");
    const { port } = store.address() as AddressInfo;
    const objects = s3Objects({ endpoint: `http://127.0.0.1:${port}`, credentials });
    const range = { bucket: "archives", key: "x", offset: 3, length: 2 };
    expect((await failure(objects.read(range))).message).toMatch(/the store does not know ranges/);
    expect((await objects.read(range)).toString()).toBe("01");
    await objects.close();
    store.close();
  });
});
