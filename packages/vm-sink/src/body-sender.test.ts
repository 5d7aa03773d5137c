import { zstdDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { writtenSamples } from "../test/decode-remote-write.ts";
import { type FakeDatabaseOptions, fakeDatabase, reply } from "../test/fake-database.ts";
import { bodies, loadInto } from "../test/fake-load.ts";
import { samplesOf, sampleText } from "../test/samples.ts";
import { readRemoteWrite } from "./encode/read-remote-write.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

type Answer = NonNullable<FakeDatabaseOptions["answer"]>;

/** A server from before zstd: to it the frame is a damaged snappy one. */
const knowsNoZstd: Answer = ({ headers }, response) => {
  if (headers["content-encoding"] === "zstd") reply(response, 400, "snappy: corrupt input");
  else reply(response, 204);
};

function unpacked(body: Buffer): string[] {
  return readRemoteWrite(zstdDecompressSync(body)).flatMap(({ labels, timesMs, values }) =>
    Array.from(timesMs, (timeMs, i) => sampleText(labels, timeMs, values[i] as number)),
  );
}

describe("compression", () => {
  it("zstd is tried with a message that stores nothing, and then holds every sample", async () => {
    await using fake = await fakeDatabase();
    const batches = bodies(20);
    const { result } = await loadInto(fake.url, batches, { compression: "zstd" });
    const [probe, ...rest] = fake.posts;
    expect(zstdDecompressSync(probe?.body as Buffer)).toHaveLength(0);
    expect(fake.posts.every(({ headers }) => headers["content-encoding"] === "zstd")).toBe(true);
    expect(rest.flatMap(({ body }) => unpacked(body)).sort()).toEqual(samplesOf(batches).texts);
    expect(result.requests).toBe(20);
    expect(result.bytes).toBe(rest.reduce((sum, { body }) => sum + body.length, 0));
  });

  it("zstd that is asked for is not replaced silently", async () => {
    await using fake = await fakeDatabase({ answer: knowsNoZstd });
    await expect(loadInto(fake.url, bodies(1), { compression: "zstd" })).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("does not take zstd"),
    });
    expect(fake.posts).toHaveLength(1);
  });

  it("auto asks and sends nothing compressed on loopback", async () => {
    await using fake = await fakeDatabase();
    await loadInto(fake.url, bodies(2));
    expect(fake.posts.map(({ headers }) => headers["content-encoding"])).toEqual([
      "snappy",
      "snappy",
    ]);
  });

  it.each([400, 415])("ends with the first %d, and nothing is lost", async (status) => {
    let posts = 0;
    await using fake = await fakeDatabase({
      answer(post, response) {
        posts += 1;
        if (posts < 6 || post.headers["content-encoding"] === "snappy") reply(response, 204);
        else reply(response, status, "what is that?");
      },
    });
    const batches = bodies(20);
    const options = { compression: "zstd", connections: 1 } as const;
    const { result, warnings } = await loadInto(fake.url, batches, options);
    expect(result.samples).toBe(20 * 210);
    const stored = fake.posts.filter(({ body }) => fake.stored.includes(body)).slice(1);
    const texts = stored.flatMap(({ body, headers }) =>
      headers["content-encoding"] === "zstd" ? unpacked(body) : writtenSamples([body]),
    );
    expect(texts.sort()).toEqual(samplesOf(batches).texts);
    expect(warnings).toEqual([expect.stringContaining("takes the same without zstd")]);
    const refused = fake.posts.length - fake.stored.length;
    expect(refused).toBeGreaterThan(0);
    // Those that were compressed by then; the others are not tried any more.
    expect(refused).toBeLessThanOrEqual(3);
  });

  it("gzip is for the text formats, zstd for remote write", () => {
    const make = (options: object) => () => victoriaMetrics({ url: "http://db", ...options });
    expect(make({ compression: "gzip" })).toThrow('give "zstd", "none" or "auto"');
    expect(make({ compression: "zstd", format: "json" })).toThrow('give "gzip", "none" or "auto"');
    expect(make({ compression: "gzip", format: "prometheus" })).not.toThrow();
  });
});

describe("connections: auto", () => {
  it("begins with two and takes no more than the server works at", async () => {
    const flag = 'flag{name="maxConcurrentInserts", value="4", is_set="false"} 1';
    const { metricsPage } = await import("../test/fake-database.ts");
    let most = 0;
    await using fake = await fakeDatabase({
      metrics: () => metricsPage(1_000, flag),
      async answer({ number }, response) {
        if (number === 40) most = fake.mostAtOnce;
        await new Promise((resolve) => setTimeout(resolve, 2));
        reply(response, 204);
      },
    });
    const batches = bodies(200);
    const { result } = await loadInto(fake.url, batches, { connections: "auto" });
    expect(result.samples).toBe(200 * 210);
    expect(most).toBeLessThanOrEqual(3);
    expect(fake.mostAtOnce).toBeLessThanOrEqual(4);
  });
});
