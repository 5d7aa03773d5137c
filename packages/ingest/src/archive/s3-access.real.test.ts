import type { AddressInfo } from "node:net";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { RunEvent } from "@millrace/core";
import { type ObjectReader, s3Objects } from "@millrace/core/s3";
import { testContext } from "@millrace/core/testing";
// @ts-expect-error The package has no types.
import S3rver from "s3rver";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sevenZipBytes } from "../../test/seven-zip-bytes.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { zipBytes } from "../../test/zip-bytes.ts";
import { inspect } from "../inspect/inspect.ts";
import { identifyPeriodFile } from "../oceanstor/file-name.ts";
import { archive } from "./archive-source.ts";

const inFolder = temporaryFolder();
const credentials = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
const member = (minute: number) => `PerfData_D_SN_A1_SP0_0_2025102000${minute + 10}00.tgz`;
const zip = (...minutes: readonly number[]) =>
  zipBytes(minutes.map((minute) => ({ name: member(minute), bytes: Buffer.from(`${minute}`) })));
let server: { run(): Promise<AddressInfo>; close(): Promise<void> };
let objects: ObjectReader;
let put: (key: string, bytes: Buffer) => Promise<unknown>;
let client: S3Client;

beforeAll(async () => {
  server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    silent: true,
    directory: inFolder("s3"),
    configureBuckets: [{ name: "archives", configs: [] }],
  });
  const { port } = await server.run();
  client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    forcePathStyle: true,
    credentials,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  put = (Key, Body) => client.send(new PutObjectCommand({ Bucket: "archives", Key, Body }));
  objects = s3Objects({ client });
  await put("day/a #1.zip", zip(1, 0));
  await put("day/deep/b.7z", await sevenZipBytes([["in.zip", zip(2)]]));
  await put(`day/${member(3)}`, Buffer.from("3"));
  await put("day/readme.txt", Buffer.from("?"));
  const filler = { name: "filler.bin", bytes: Buffer.alloc(9_000_000, "filler") };
  const last = { name: member(4), bytes: Buffer.from("4") };
  await put("large.zip", zipBytes([filler, last]));
  await put("no.zip", Buffer.from("none"));
});

afterAll(async () => {
  client.destroy();
  await server.close();
});

async function read(input: string, reader = objects) {
  const context = testContext();
  const origins: string[] = [];
  const source = archive(input, { identify: identifyPeriodFile, remote: { objects: reader } });
  for await (const item of source.open(context)) {
    origins.push(
      "bytes" in item ? `${item.origin} ${Buffer.from(item.bytes)}` : item.error.message,
    );
  }
  const events = context.events as readonly RunEvent[];
  const failed = events.flatMap((event) => {
    return event.type === "origin-read" && event.outcome === "failed" ? event.problems : [];
  });
  return { origins, failed, meter: context.meter };
}

describe("archive: s3://", () => {
  it("reads one object", async () => {
    const { origins, failed, meter } = await read("s3://archives/day/a #1.zip");
    expect(failed).toEqual([]);
    expect(origins).toEqual([
      `s3://archives/day/a #1.zip!${member(0)} 0`,
      `s3://archives/day/a #1.zip!${member(1)} 1`,
    ]);
    expect(meter.bytes).toBe(meter.bytesTotal);
  });

  it("reads all below a prefix", async () => {
    const { origins, failed } = await read("s3://archives/day/");
    expect(failed).toEqual([]);
    expect(origins).toEqual([
      `s3://archives/day!${member(3)} 3`,
      `s3://archives/day/a #1.zip!${member(0)} 0`,
      `s3://archives/day/a #1.zip!${member(1)} 1`,
      `s3://archives/day/deep/b.7z!in.zip!${member(2)} 2`,
    ]);
    expect((await inspect("s3://archives/day/", { remote: { objects } })).files.total).toBe(4);
  });

  it("calls an object by its key, whatever that holds", async () => {
    const context = testContext();
    const input = "s3://archives/gone?/a #1.zip";
    const source = archive([input, input], { identify: identifyPeriodFile, remote: { objects } });
    for await (const _ of source.open(context));
    const events = context.events as readonly RunEvent[];
    expect(events.map((event) => "origin" in event && event.origin)).toEqual([
      input,
      `${input} (2)`,
    ]);
  });

  it("reads of a large zip what it needs", async () => {
    let bytes = 0;
    const counting: ObjectReader = {
      ...objects,
      async read(range, signal) {
        bytes += range.length;
        return await objects.read(range, signal);
      },
    };
    expect((await read("s3://archives/large.zip", counting)).origins).toHaveLength(1);
    expect(bytes).toBeLessThan(5_000_000);
  });

  it("fails what is no archive, missing or replaced", async () => {
    expect((await read("s3://archives/no.zip")).failed.join()).toMatch(
      /is called \.zip but is none/,
    );
    expect((await read("s3://archives/gone.zip")).failed.join()).toMatch(/there is no such object/);
    expect((await read("s3://archives/gone/")).failed.join()).toMatch(
      /there is no object below it/,
    );
    await put("changing.zip", zip(5));
    const changing: ObjectReader = {
      ...objects,
      async head(bucket, key, signal) {
        const head = await objects.head(bucket, key, signal);
        await put(key, zip(6));
        return head;
      },
    };
    const { failed } = await read("s3://archives/changing.zip", changing);
    expect(failed.join()).toMatch(/was replaced while it was read/);
  });

  it("asks again for the rest of an answer that was cut", async () => {
    let reads = 0;
    const cutting: ObjectReader = {
      ...objects,
      async read(range, signal) {
        const bytes = await objects.read(range, signal);
        return reads++ === 0 ? bytes.subarray(0, 3) : bytes;
      },
    };
    expect((await read("s3://archives/day/a #1.zip", cutting)).origins).toHaveLength(2);
  });
});
