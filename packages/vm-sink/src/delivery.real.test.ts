import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromItems, pipeline, type SeriesBatch, seriesBatch } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startFaultProxy } from "../test/fault-proxy.ts";
import { binary, exported, freshPage, missing, realTitle } from "../test/real-database.ts";
import { plainBatch, START_MS, samplesOf } from "../test/samples.ts";
import { seededRandom } from "../test/seeded-random.ts";
import { seriesLines } from "./dead-letter/series-lines.ts";
import { readRemoteWrite } from "./encode/read-remote-write.ts";
import { SNAPPY_HEADER_BYTES } from "./encode/snappy-literal.ts";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "./server/index.ts";
import { type VictoriaMetricsOptions, victoriaMetrics } from "./victoria-metrics.ts";

const RETRY = { firstDelayMs: 5, maxDelayMs: 50 };

describe.skipIf(missing !== undefined)(realTitle("delivery into VictoriaMetrics"), () => {
  let database: VictoriaMetricsServer;
  let folder: string;
  let number = 0;

  beforeAll(async () => {
    database = await startVictoriaMetrics(binary);
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    number += 1;
    folder = await mkdtemp(join(tmpdir(), "millrace-delivery-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const prefix = (): string => `run${number}`;
  const batchesOf = (count: number): readonly SeriesBatch[] =>
    Array.from({ length: count }, (_, i) =>
      plainBatch(`${prefix()}_${i}`, 400, START_MS + i * 1e6),
    );
  const stored = (): Promise<string[]> =>
    exported(database.url, `{job="test",__name__=~"${prefix()}_.*"}`);
  const load = (batches: readonly SeriesBatch[], options: VictoriaMetricsOptions) =>
    pipeline(fromItems(batches)).to(victoriaMetrics({ retry: RETRY, batchSize: 500, ...options }));

  it("is exact although connections break before and after the database stored a request", async () => {
    await using proxy = await startFaultProxy({
      target: () => database.url,
      random: seededRandom(7),
      rate: 0.25,
      writeFaults: ["busy", "reset-before", "reset-after", "late", "gateway", "slow"],
      readFaults: ["busy", "reset-before", "truncate", "slow"],
    });
    const batches = batchesOf(40);
    const run = load(batches, { url: proxy.url, connections: 2 });
    await run.result;
    expect(await stored()).toEqual(samplesOf(batches).texts);
    const doubts = ["reset-before", "reset-after", "late", "gateway"];
    expect(doubts.some((fault) => proxy.done.has(fault))).toBe(true);
  }, 120_000);

  it("goes on after a run that broke off, and sends nothing twice", async () => {
    const batches = batchesOf(30);
    const options = {
      url: database.url,
      checkpoint: { path: join(folder, "checkpoint"), load: "test" },
    };
    const writer = await victoriaMetrics({ ...options, batchSize: 500 }).open(testContext());
    for (const batch of batches.slice(0, 20)) await writer.write(batch);
    await writer.abort(new Error("pulled"));
    const partly = await stored();
    expect(partly.length).toBeGreaterThan(0);
    const result = await load(batches, options).result;
    expect(await stored()).toEqual(samplesOf(batches).texts);
    expect(result.present).toBeGreaterThan(0);
    expect(result.present + result.samples).toBe(30 * 400);
    expect((await load(batches, options).result).present, "a done load starts anew").toBe(0);
  }, 60_000);

  it("does not go on into a database that was emptied", async () => {
    const batches = batchesOf(20);
    const checkpoint = { path: join(folder, "checkpoint"), load: "test" };
    const sink = victoriaMetrics({ url: database.url, checkpoint, batchSize: 500 });
    const writer = await sink.open(testContext());
    for (const batch of batches) await writer.write(batch);
    await expect.poll(async () => (await stored()).length).toBeGreaterThan(4_000);
    await writer.abort(new Error("pulled"));
    // A page from before the last answers would look like one of another process.
    await freshPage(database.url);
    const match = encodeURIComponent(`{__name__=~"${prefix()}_.*"}`);
    await fetch(`${database.url}/api/v1/admin/tsdb/delete_series?match[]=${match}`);
    await expect(load(batches, { url: database.url, checkpoint }).result).rejects.toThrow(
      "holds nothing of what the checkpoint",
    );
  }, 60_000);

  it("sends both of two equal samples that two tables hold, wherever a run breaks off", async () => {
    const table = (id: string, name: string) => ({
      id,
      labels: [`${prefix()}_shared`, name].map((__name__) => ({ __name__, job: "test" })),
    });
    const both = ["one", "two"].flatMap((id) => {
      const of = table(id, `${prefix()}_${id}`);
      return Array.from({ length: 6 }, (_, i) =>
        seriesBatch({
          table: of,
          firstSeries: 0,
          seriesCount: 2,
          grid: { startMs: START_MS + i * 1e6, stepMs: 1_000, count: 100 },
          values: new Int32Array(200).fill(7),
          origins: [],
        }),
      );
    });
    const checkpoint = { path: join(folder, "checkpoint"), load: "test" };
    for (const stop of [3, 8, 10, 12]) {
      const sink = victoriaMetrics({ url: database.url, checkpoint, batchSize: 150 });
      const writer = await sink.open(testContext());
      for (const batch of both.slice(0, stop)) await writer.write(batch);
      await writer.abort(new Error("pulled"));
    }
    await load(both, { url: database.url, checkpoint }).result;
    expect(await stored()).toEqual(samplesOf(both).texts);
  }, 60_000);

  it("puts what the database refuses aside, and only that", async () => {
    await using picky = await pickyProxy(database.url, (name) => name.endsWith("_13"));
    const batches = batchesOf(30);
    const deadLetter = join(folder, "dead.ndjson");
    const { rejected, samples } = await load(batches, { url: picky.url, deadLetter }).result;
    expect(rejected).toEqual({ series: 1, samples: 400 });
    expect(samples).toBe(29 * 400);
    const good = batches.filter((_, i) => i !== 13);
    expect(await stored()).toEqual(samplesOf(good).texts);
    await pipeline(seriesLines(deadLetter)).to(victoriaMetrics({ url: database.url })).result;
    expect(await stored()).toEqual(samplesOf(batches).texts);
  }, 60_000);

  it("gives up when the database refuses everything", async () => {
    await using picky = await pickyProxy(database.url, () => true);
    const deadLetter = join(folder, "dead.ndjson");
    await expect(load(batchesOf(3), { url: picky.url, deadLetter }).result).rejects.toMatchObject({
      code: "SINK_REJECTED",
      message: expect.stringContaining("refuses everything"),
    });
    await expect(
      seriesLines(deadLetter).open(testContext())[Symbol.asyncIterator]().next(),
    ).rejects.toThrow("does not exist");
  }, 60_000);
});

/** Refuses every request with a series that it does not like, and passes the others on. */
async function pickyProxy(target: string, dislikes: (name: string) => boolean) {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (incoming.method === "POST" && incoming.url === "/api/v1/write") {
      const series = readRemoteWrite(body.subarray(SNAPPY_HEADER_BYTES));
      if (series.some(({ labels }) => dislikes(labels["__name__"] ?? ""))) {
        outgoing.writeHead(400).end("a series that is too odd");
        return;
      }
    }
    const headers = Object.entries(incoming.headers)
      .filter(([name]) => /^(content-|x-)/.test(name) && name !== "content-length")
      .map(([name, value]) => [name, String(value)] as [string, string]);
    const method = incoming.method ?? "GET";
    const answer = await fetch(new URL(incoming.url ?? "/", target), {
      method,
      headers,
      ...(method === "GET" ? {} : { body }),
    });
    outgoing.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
