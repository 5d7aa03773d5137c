import { createHash } from "node:crypto";
import * as lib from "@aws-sdk/client-s3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { intoParts } from "./into-parts.ts";
import { s3Store } from "./s3-store.ts";

interface Sent {
  readonly name: string;
  readonly input: {
    readonly Body?: Buffer;
    readonly ContentMD5?: string;
    readonly UploadId?: string;
  };
}

/** A client that answers out of a function, and remembers what it was sent. */
function clientOf(answer: (sent: Sent, signal: AbortSignal | undefined) => Promise<object>) {
  const sent: Sent[] = [];
  return {
    sent,
    names: () => sent.map(({ name }) => name.replace("Command", "")),
    async send(command: unknown, options?: { abortSignal?: AbortSignal }) {
      const { input } = command as { input: object };
      const request = { name: (command as object).constructor.name, input };
      sent.push(request);
      if (request.name === "CreateMultipartUploadCommand") return { UploadId: "upload" };
      return await answer(request, options?.abortSignal);
    },
  };
}

const PART = 1_000;
const hang = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

describe("an upload in parts", () => {
  it("pulls no more of the body than its parts in memory hold", async () => {
    const client = clientOf(({ name }, signal) =>
      name === "UploadPartCommand" ? hang(signal) : Promise.resolve({}),
    );
    const store = s3Store({ client, lib, bucket: "b", partBytes: PART, uploads: 3 });
    let pulled = 0;
    async function* body(): AsyncGenerator<Uint8Array> {
      while (true) {
        pulled += 100;
        yield Buffer.alloc(100);
      }
    }
    const abort = new AbortController();
    const put = store.put("key", body(), { signal: abort.signal });
    await expect.poll(() => client.names().filter((name) => name === "UploadPart").length).toBe(3);
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    // Three parts on their way; the piece behind tells that the third was not the last.
    expect(pulled).toBe(3 * PART + 100);
    abort.abort(new Error("enough"));
    await expect(put).rejects.toThrow("enough");
    expect(client.names().at(-1)).toBe("AbortMultipartUpload");
  });

  it("gives everything up when a part fails, even while the body hangs", async () => {
    const refused = Object.assign(new Error("no"), {
      name: "AccessDenied",
      $metadata: { httpStatusCode: 403 },
    });
    const client = clientOf(async ({ name }) => {
      if (name === "UploadPartCommand") throw refused;
      return {};
    });
    const store = s3Store({ client, lib, bucket: "b", partBytes: PART });
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(PART + 1);
      await new Promise(() => {});
    }
    await expect(store.put("key", body())).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message:
        "s3://b/key cannot be written (status 403, AccessDenied: no); check the credentials and their rights.",
    });
    expect(client.names()).toEqual(["CreateMultipartUpload", "UploadPart", "AbortMultipartUpload"]);
    expect(client.sent.at(-1)?.input.UploadId).toBe("upload");
  });

  it("sends what fits into one part in one request, with its checksum", async () => {
    const client = clientOf(async () => ({ ETag: '"e"' }));
    const store = s3Store({ client, lib, bucket: "b", partBytes: PART });
    const body = Buffer.alloc(PART, "x");
    expect(await store.put("key", [body.subarray(0, 1), body.subarray(1)])).toEqual({
      ...{ key: "key", sizeBytes: PART, etag: '"e"' },
    });
    expect(client.names()).toEqual(["PutObject"]);
    expect(client.sent[0]?.input.ContentMD5).toBe(createHash("md5").update(body).digest("base64"));
  });

  it("makes parts larger for a body that would need too many, when its length is said", async () => {
    const client = clientOf(async () => ({}));
    const store = s3Store({ client, lib, bucket: "b", partBytes: 1 });
    const body = [Buffer.alloc(25_000)];
    await store.put("key", body, { sizeBytes: 25_000 });
    expect(client.names().filter((name) => name === "UploadPart")).toHaveLength(8_334);
    await expect(store.put("key", body)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

describe("intoParts", () => {
  it("gives the same bytes in parts of one length, the last one marked", async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 50 }), async (given, partBytes) => {
        const parts = [];
        async function* body(): AsyncGenerator<Uint8Array> {
          yield* given;
        }
        for await (const part of intoParts(body(), partBytes)) parts.push(part);
        expect(Buffer.concat(parts.map(({ bytes }) => bytes))).toEqual(Buffer.concat(given));
        expect(parts.map(({ last }) => last).indexOf(true)).toBe(parts.length - 1);
        for (const { bytes, last } of parts) {
          if (!last) expect(bytes.length).toBe(partBytes);
          expect(bytes.length).toBeLessThanOrEqual(partBytes);
        }
      }),
    );
  });
});
