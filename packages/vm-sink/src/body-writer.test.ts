import type { ServerResponse } from "node:http";
import { inspect } from "node:util";
import type { Logger, SeriesBatch, Watermark } from "@millrace/core";
import { sampleCount, seriesBatch } from "@millrace/core";
import { type TestContext, testContext } from "@millrace/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { writtenSamples } from "../test/decode-remote-write.ts";
import {
  type FakeDatabase,
  type FakeDatabaseOptions,
  fakeDatabase,
  metricsPage,
  reply,
} from "../test/fake-database.ts";
import { expositionSamples } from "../test/parse-exposition.ts";
import { plainBatch, START_MS, samplesOf } from "../test/samples.ts";
import { type VictoriaMetricsOptions, victoriaMetrics } from "./victoria-metrics.ts";

const QUICK = { firstDelayMs: 1, maxDelayMs: 5 };
/** A body of the smallest size holds one of these batches and not two. */
const ONE_BODY = 210;
const SETTLE_MS = 5_000;

async function database(options: FakeDatabaseOptions = {}): Promise<FakeDatabase> {
  const fake = await fakeDatabase(options);
  onTestFinished(() => fake[Symbol.asyncDispose]());
  return fake;
}

/** A writer into the fake, with bodies of the smallest size; let go of at the end of the test. */
async function open(
  fake: { readonly url: string },
  options: Partial<VictoriaMetricsOptions> = {},
  context: TestContext = testContext(),
) {
  const sink = victoriaMetrics({ url: fake.url, batchSize: 1, retry: QUICK, ...options });
  const writer = await sink.open(context);
  onTestFinished(() => writer[Symbol.asyncDispose]());
  const marks: Watermark[] = [];
  writer.watermark$.subscribe((mark) => marks.push(mark));
  return { writer, marks, context };
}

const bodies = (count: number): SeriesBatch[] =>
  Array.from({ length: count }, (_, i) => plainBatch(`series_${i}`, ONE_BODY));

/** Writes everything and closes. */
async function load(
  fake: { readonly url: string },
  batches: readonly SeriesBatch[],
  options: Partial<VictoriaMetricsOptions> = {},
  context: TestContext = testContext(),
) {
  const opened = await open(fake, options, context);
  for (const batch of batches) await opened.writer.write(batch);
  return { ...opened, result: await opened.writer.close() };
}

const warnings = (context: TestContext): string[] =>
  context.events.flatMap((event) => (event.type === "warning" ? [event.message] : []));

/** Rejects when the promise does not settle soon; a generous guard, not a measurement. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("did not settle")), SETTLE_MS);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

describe("a healthy database", () => {
  it("gets exactly what was written, and the result says so", async () => {
    const fake = await database();
    const batches = bodies(7);
    const { result, marks } = await load(fake, batches);
    expect(writtenSamples(fake.stored)).toEqual(samplesOf(batches).texts);
    expect(result).toMatchObject({
      samples: 7 * ONE_BODY,
      dropped: 0,
      requests: 7,
      bytes: fake.posts.reduce((sum, { body }) => sum + body.length, 0),
      retries: 0,
      lostRows: {},
      database: { version: undefined },
    });
    expect(result.durableMs).toBeGreaterThanOrEqual(result.acceptedMs);
    expect(marks.at(-1)).toEqual({ accepted: 7, durable: 7 });
    expect(fake.snapshots.size).toBe(0);
    expect(fake.asked).toContain("/internal/resetRollupResultCache");
    expect(new Set(fake.posts.map(({ path }) => path))).toEqual(new Set(["/api/v1/write"]));
  });

  it("gets text at its own path where that is the format", async () => {
    const fake = await database();
    const batches = bodies(3);
    await load({ url: `${fake.url}/tenant/` }, batches, { format: "prometheus" });
    expect(expositionSamples(Buffer.concat(fake.stored).toString())).toEqual(
      samplesOf(batches).texts,
    );
    expect(new Set(fake.posts.map(({ path }) => path))).toEqual(
      new Set(["/tenant/api/v1/import/prometheus"]),
    );
    expect(fake.asked[0]).toBe("/tenant/metrics");
  });

  it("never gets an empty body: not without items, not for items without samples", async () => {
    const fake = await database();
    const empty = plainBatch("empty", 0);
    const masked: SeriesBatch = { ...plainBatch("masked", 3), present: new Uint8Array(3) };
    const nan: SeriesBatch = {
      ...plainBatch("nan", 2),
      values: Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY),
    };
    const none = seriesBatch({ ...empty, seriesCount: 0, values: new Int32Array(0) });
    const first = await load(fake, []);
    expect(first.marks.at(-1)).toEqual({ accepted: 0, durable: 0 });
    const second = await load(fake, [empty, masked, nan, none]);
    expect(second.result).toMatchObject({ samples: 0, requests: 0, dropped: 2 });
    expect(second.marks.at(-1)).toEqual({ accepted: 4, durable: 4 });
    const third = await load(fake, [none, plainBatch("a", 1), masked]);
    expect(third.result).toMatchObject({ samples: 1, requests: 1 });
    expect(third.marks.at(-1)).toEqual({ accepted: 3, durable: 3 });
    expect(fake.posts.every(({ body }) => writtenSamples([body]).length > 0)).toBe(true);
  });

  it("gets at most batchSize samples a request", async () => {
    const fake = await database();
    const batch = plainBatch("long", 3_000);
    await load(fake, [batch], { batchSize: 500 });
    const sizes = fake.stored.map((body) => writtenSamples([body]).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    expect(Math.max(...sizes), "and not far fewer").toBeGreaterThan(400);
    expect(writtenSamples(fake.stored)).toEqual(samplesOf([batch]).texts);
  });

  it.each([1, 2, 5])("gets at most %d requests at once over so many connections", async (n) => {
    const fake = await database({
      answer: (_, response) => {
        setTimeout(() => reply(response, 204), 10);
      },
    });
    const batches = bodies(20);
    await load(fake, batches, { connections: n });
    expect(fake.mostAtOnce).toBe(n);
    expect(writtenSamples(fake.stored)).toEqual(samplesOf(batches).texts);
  });

  it("makes Node warn of nothing with many connections", async () => {
    const said: string[] = [];
    const onWarning = (warning: Error): void => {
      said.push(warning.message);
    };
    process.on("warning", onWarning);
    onTestFinished(() => {
      process.off("warning", onWarning);
    });
    const fake = await database({
      answer: ({ number }, response) => {
        setTimeout(() => reply(response, number <= 40 ? 503 : 204), 10);
      },
    });
    await load(fake, bodies(60), { connections: 40 });
    expect(said).toEqual([]);
  });

  it("gets a body that is not full after a while without another batch", async () => {
    const fake = await database();
    const { writer, marks } = await open(fake);
    await writer.write(plainBatch("a", 3));
    expect(fake.posts).toHaveLength(0);
    await expect.poll(() => marks.at(-1)?.accepted, { timeout: SETTLE_MS }).toBe(1);
    expect(fake.stored).toHaveLength(1);
    await writer.write(plainBatch("b", 2));
    await writer.close();
    expect(fake.stored).toHaveLength(2);
    expect(marks.at(-1)).toEqual({ accepted: 2, durable: 2 });
  });

  it("accepts an item only with the last of its bodies", async () => {
    const held: (() => void)[] = [];
    const fake = await database({
      answer: ({ body }, response) => {
        // The second of the three bodies of the long series.
        if (writtenSamples([body]).some((text) => text.endsWith(",300]"))) {
          held.push(() => reply(response, 204));
        } else reply(response, 204);
      },
    });
    const { writer, marks } = await open(fake, { connections: 4 });
    await writer.write(plainBatch("long", 3 * ONE_BODY));
    await writer.write(plainBatch("short", ONE_BODY));
    const closing = writer.close();
    // Four bodies: three of the long series and one of the short one; the second is held back.
    await expect.poll(() => fake.stored.length).toBe(3);
    expect(marks.at(-1)).toEqual({ accepted: 0, durable: 0 });
    for (const release of held) release();
    await closing;
    expect(marks.at(-1)).toEqual({ accepted: 2, durable: 2 });
  });
});

describe("a slow database", () => {
  it("stops the writes after one body more than there are connections", async () => {
    const waiting: (() => void)[] = [];
    let free = false;
    const fake = await database({
      answer: (_, response) => {
        if (free) reply(response, 204);
        else waiting.push(() => reply(response, 204));
      },
    });
    const { writer } = await open(fake, { connections: 2 });
    const batches = bodies(8);
    let written = 0;
    const writing = (async () => {
      for (const batch of batches) {
        await writer.write(batch);
        written += 1;
      }
    })();
    await expect.poll(() => fake.posts.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(written).toBe(3);
    expect(fake.posts).toHaveLength(2);
    waiting.shift()?.();
    await expect.poll(() => written).toBe(4);
    free = true;
    for (const release of waiting) release();
    await writing;
    const result = await writer.close();
    expect(result).toMatchObject({ samples: 8 * ONE_BODY, requests: 8 });
    expect(writtenSamples(fake.stored)).toEqual(samplesOf(batches).texts);
  });

  it.each(["signal", "abort()"])(
    "that never answers lets go of write and close with the reason of %s",
    async (way) => {
      const fake = await database({ answer: () => {} });
      const reason = new Error("enough");
      const controller = new AbortController();
      const context = testContext({ signal: controller.signal });
      for (const stuck of ["write", "close"] as const) {
        if (way === "signal" && stuck === "close") continue;
        const { writer } = await open(fake, { connections: 1 }, context);
        for (const batch of bodies(stuck === "write" ? 2 : 1)) await writer.write(batch);
        const pending: Promise<unknown> =
          stuck === "write" ? writer.write(plainBatch("third", ONE_BODY)) : writer.close();
        const outcome = expect(soon(pending)).rejects.toBe(reason);
        await expect.poll(() => fake.posts.length).toBeGreaterThan(0);
        if (way === "signal") controller.abort(reason);
        else await soon(writer.abort(reason));
        await outcome;
        await soon(writer.abort(reason));
      }
      expect(warnings(context), "an abort is no reason to try again").toEqual([]);
    },
  );

  it("that does not even say its settings ends with the reason of the signal", async () => {
    const fake = await database({ meet: () => true });
    const controller = new AbortController();
    const reason = new Error("enough");
    const sink = victoriaMetrics({ url: fake.url });
    const opening = sink.open(testContext({ signal: controller.signal }));
    const outcome = expect(soon(opening)).rejects.toBe(reason);
    controller.abort(reason);
    await outcome;
  });
});

/** A body may be sent to such a database twice. */
const DEDUPLICATES = 'flag{name="dedup.minScrapeInterval", value="1ms", is_set="true"} 1';

describe("a database in trouble", () => {
  it("gets a body again after 503, as often as it takes", async () => {
    const fake = await database({
      answer: ({ number }, response) =>
        number <= 4 ? reply(response, 503, "too many inserts") : reply(response, 204),
    });
    const batches = bodies(3);
    const { result, context } = await load(fake, batches, { connections: 1 });
    expect(result).toMatchObject({ retries: 4, requests: 3, samples: 3 * ONE_BODY });
    expect(writtenSamples(fake.stored)).toEqual(samplesOf(batches).texts);
    expect(warnings(context)).toEqual([`Trying again: ${fake.url} answered 503: too many inserts`]);
  });

  it.each([408, 425, 429, 500, 502, 504])("gets a body again after %d", async (status) => {
    const fake = await database({
      metrics: () => metricsPage(1_000, DEDUPLICATES),
      answer({ number }, response) {
        if (number === 1) response.setHeader("Retry-After", "1");
        reply(response, number === 1 ? status : 204);
      },
    });
    const { result } = await load(fake, bodies(1));
    expect(result.retries).toBe(1);
    expect(fake.posts[1]?.body.equals(fake.posts[0]?.body as Buffer)).toBe(true);
  });

  it.each(["before", "after"])(
    "that resets connections %s the body gets every body again, byte for byte",
    async (when) => {
      // Every body is refused twice, while the writer goes on filling others.
      const tries = new Map<string, number>();
      const heads = { left: 12 };
      const fake = await database({
        metrics: () => metricsPage(1_000, DEDUPLICATES),
        meet(request) {
          if (when === "after" || request.method === "GET" || heads.left === 0) return false;
          heads.left -= 1;
          request.socket.resetAndDestroy();
          return true;
        },
        answer({ body }, response) {
          const key = body.toString("base64");
          const before = tries.get(key) ?? 0;
          tries.set(key, before + 1);
          if (when === "after" && before < 2) response.socket?.resetAndDestroy();
          else reply(response, 204);
        },
      });
      const batches = bodies(15);
      const { result, context } = await load(fake, batches, { connections: 3 });
      const wanted = when === "after" ? 3 : 1;
      expect([...tries.values()]).toEqual(Array.from({ length: 15 }, () => wanted));
      expect(result.retries).toBe(when === "after" ? 30 : 12);
      expect(writtenSamples(fake.stored)).toEqual(samplesOf(batches).texts);
      const [again, ...rest] = warnings(context);
      expect(again).toContain(`Trying again: Cannot reach the database at ${fake.url}`);
      expect(rest, "it is said once").toEqual([]);
    },
  );

  it("that is away for a moment causes no doubt, since nothing reached it", async () => {
    const first = await fakeDatabase();
    const { writer, context } = await open(first, { connections: 1 });
    await first[Symbol.asyncDispose]();
    const batches = bodies(2);
    for (const batch of batches) await writer.write(batch);
    const closing = writer.close();
    await expect.poll(() => warnings(context).length).toBeGreaterThan(0);
    const second = await database({ port: first.port });
    const result = await closing;
    expect(result.retries).toBeGreaterThan(0);
    expect(writtenSamples(second.stored)).toEqual(samplesOf(batches).texts);
    expect(warnings(context)).toHaveLength(1);
    expect(warnings(context)[0]).toContain("ECONNREFUSED");
  });

  it("is given up where the policy says so, with what it said last", async () => {
    const fake = await database({ answer: (_, response) => reply(response, 503, "disk is full") });
    const retry = { ...QUICK, maxElapsedMs: 30 };
    await expect(load(fake, bodies(1), { retry })).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      retryable: true,
      message: `${fake.url} answered 503: disk is full`,
    });
    expect(fake.posts.length).toBeGreaterThan(1);
  });

  it("hears no more of a writer that was disposed of without being closed", async () => {
    const fake = await database({ answer: (_, response) => reply(response, 503) });
    let said = 0;
    const count = (): void => {
      said += 1;
    };
    const logger: Logger = { debug: count, info: count, warn: count, error: count };
    const { writer } = await open(fake, { connections: 1 }, testContext({ logger }));
    for (const batch of bodies(2)) await writer.write(batch);
    await expect.poll(() => fake.posts.length).toBeGreaterThan(1);
    await writer[Symbol.asyncDispose]();
    const before = said;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(said, "tries after the disposal").toBe(before);
  });

  it.each([400, 413, 415, 422])("rejects data with %d, in its own words", async (status) => {
    const fake = await database({
      answer: (_, response) => reply(response, status, "cannot parse label 7"),
    });
    const { writer, marks } = await open(fake, { connections: 1 });
    const writing = (async () => {
      for (const batch of bodies(20)) await writer.write(batch);
      await writer.close();
    })();
    await expect(soon(writing)).rejects.toMatchObject({
      code: "SINK_REJECTED",
      retryable: false,
      message: `${fake.url} rejected a request (HTTP ${status}): cannot parse label 7`,
      details: { status, said: "cannot parse label 7" },
    });
    expect(marks.at(-1)).toEqual({ accepted: 0, durable: 0 });
    await expect(writer.write(plainBatch("later", 1))).rejects.toMatchObject({
      code: "SINK_REJECTED",
    });
  });

  it.each([
    [401, "", "refuses these credentials (HTTP 401); check user and password, or the token."],
    [403, "", "refuses these credentials (HTTP 403); check user and password, or the token."],
    [404, "", "has no VictoriaMetrics at this path (HTTP 404); give the base URL"],
    [400, 'unsupported path requested: "/x/api/v1/write"', "no VictoriaMetrics at this path"],
  ])("that answers %d %j ends the run at once", async (status, text, message) => {
    const fake = await database({ answer: (_, response) => reply(response, status, text) });
    await expect(load(fake, bodies(2))).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      retryable: false,
      message: expect.stringContaining(message),
    });
    const closed = await database({
      get(_, response) {
        reply(response, status, text);
        return true;
      },
    });
    await expect(open(closed)).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringContaining(message),
    });
    expect(closed.posts).toHaveLength(0);
  });

  it("that is not there at all is named at open, with what to check", async () => {
    const gone = await fakeDatabase();
    await gone[Symbol.asyncDispose]();
    await expect(open(gone)).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringMatching(
        new RegExp(`^Cannot reach the database at ${gone.url}: .*ECONNREFUSED.* Is it running\\?$`),
      ),
    });
  });

  it("that was restarted fails the run, and nothing it may have lost is called durable", async () => {
    let started = 1_000;
    const fake = await database({
      metrics: () => metricsPage(started),
      answer(_, response) {
        started = 2_000;
        reply(response, 204);
      },
    });
    const { writer, marks } = await open(fake);
    for (const batch of bodies(3)) await writer.write(batch);
    await expect(writer.close()).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringContaining("was restarted during the run"),
    });
    expect(marks.at(-1)).toEqual({ accepted: 3, durable: 0 });
    expect(fake.snapshots.size).toBe(0);
  });
});

describe("a database that dropped rows or started anew", () => {
  it("is not said to hold for good what it may have dropped", async () => {
    let dropped = 0;
    const fake = await database({
      metrics: () => metricsPage(1_000, `vm_daily_series_limit_rows_dropped_total ${dropped}`),
      answer(_, response) {
        dropped += 2;
        reply(response, 204);
      },
    });
    const { result, marks, context } = await load(fake, bodies(3));
    expect(result.lostRows).toEqual({ daily_series_limit: 6 });
    expect(result.durableMs).toBeUndefined();
    expect(marks.at(-1)).toEqual({ accepted: 3, durable: 0 });
    expect(warnings(context)).toEqual([expect.stringContaining("(6 by daily_series_limit)")]);
  });

  it("is not judged by counters that began anew", async () => {
    let cpu = 9;
    const fake = await database({
      metrics: () => metricsPage(1_000, `process_cpu_seconds_total ${cpu}`),
      answer(_, response) {
        cpu = 1;
        reply(response, 204);
      },
    });
    const { result, context } = await load(fake, bodies(1), { durability: "none" });
    expect(result.database.cpuMs).toBeUndefined();
    expect(warnings(context)).toEqual([
      "The data was accepted, but whether the database dropped any of it is not known: it was restarted meanwhile.",
    ]);
  });
});

describe("labels that the address adds", () => {
  it("go with every import and with nothing else, and count among the labels", async () => {
    const fake = await database();
    const url = `${fake.url}/vm/?extra_label=site=Berlin%20Mitte`;
    for (const format of ["remote-write", "prometheus"] as const) {
      await load({ url }, bodies(2), { format });
    }
    const query = "?extra_label=site%3DBerlin+Mitte";
    expect(new Set(fake.posts.map(({ path }) => path))).toEqual(
      new Set([`/vm/api/v1/write${query}`, `/vm/api/v1/import/prometheus${query}`]),
    );
    expect(fake.asked.join()).not.toContain("extra_label");
    const limited = await database({
      metrics: () => metricsPage(1_000, 'flag{name="maxLabelsPerTimeseries", value="2"} 1'),
    });
    await load(limited, bodies(1));
    const { writer } = await open({ url: `${limited.url}/?extra_label=site=K` });
    await expect(writer.write(plainBatch("a", 1))).rejects.toMatchObject({
      code: "SINK_REJECTED",
      message: "Series a has 3 labels, more than the database keeps (-maxLabelsPerTimeseries=2).",
    });
  });
});

describe("the result", () => {
  it("counts what the database says it dropped, once its page is new", async () => {
    const lost = { small: 3 };
    let asked = 0;
    let uptime = 10;
    let shown = lost.small;
    const fake = await database({
      metrics() {
        asked += 1;
        // The page is made anew once a second, here at every fifth question.
        if (asked % 5 === 0) {
          uptime += 1;
          shown = lost.small;
        }
        return metricsPage(
          1_000,
          `vm_app_uptime_seconds ${uptime}`,
          `vm_rows_ignored_total{reason="small_timestamp"} ${shown}`,
          "process_cpu_seconds_total 1.5",
          "vm_available_cpu_cores 4",
        );
      },
      answer(_, response) {
        lost.small += 4;
        reply(response, 204);
      },
    });
    const { result } = await load(fake, bodies(2));
    expect(result.lostRows).toEqual({ small_timestamp: 8 });
    expect(result.database).toEqual({ version: undefined, cpuMs: 0, cores: 4 });
  });

  it.each([0, 1])(
    "counts it where every second page shows the storage as it was (%s)",
    async (odd) => {
      let [inserted, lost] = [100, 3];
      let storage = { rows: inserted, lost };
      let [asked, uptime] = [0, 10];
      let page = "";
      const fake = await database({
        metrics() {
          asked += 1;
          if (asked % 3 !== 1) return page;
          uptime += 1;
          if (uptime % 2 === odd) storage = { rows: inserted, lost };
          page = metricsPage(
            1_000,
            `vm_app_uptime_seconds ${uptime}`,
            `vm_rows_inserted_total{type="promremotewrite"} ${inserted}`,
            `vm_rows_added_to_storage_total ${storage.rows}`,
            `vm_rows_ignored_total{reason="small_timestamp"} ${storage.lost}`,
          );
          return page;
        },
        answer(_, response) {
          inserted += ONE_BODY;
          lost += 4;
          reply(response, 204);
        },
      });
      const { result } = await load(fake, bodies(1));
      expect(result.lostRows).toEqual({ small_timestamp: 4 });
    },
  );

  it("does not wait for ever for a page that never changes", async () => {
    const fake = await database({ metrics: () => metricsPage(1_000, "vm_app_uptime_seconds 7") });
    const { result } = await soon(load(fake, bodies(1)));
    expect(result.samples).toBe(ONE_BODY);
  });

  it("says nothing of durability where none was asked for", async () => {
    const fake = await database();
    const { result, marks } = await load(fake, bodies(2), { durability: "none" });
    expect(result.durableMs).toBeUndefined();
    expect(marks.at(-1)).toEqual({ accepted: 2, durable: 0 });
    expect(fake.asked.some((path) => path.startsWith("/snapshot"))).toBe(false);
  });
});

describe("at the first question", () => {
  /** The failure of opening a writer; none of these servers deserves more patience than this. */
  async function refusalOf(fake: { readonly url: string }): Promise<unknown> {
    return await open(fake).then(
      () => undefined,
      (error: unknown) => error,
    );
  }
  const answering = (respond: (response: ServerResponse) => void): Promise<FakeDatabase> =>
    database({
      get(_, response) {
        respond(response);
        return true;
      },
    });

  it.concurrent.each<[string, FakeDatabaseOptions, string]>([
    [
      "says nothing",
      { meet: () => true },
      "took the connection and did not answer within 10 s. Is it VictoriaMetrics, and is it well?",
    ],
    [
      "never ends its answer",
      {
        get(_, response) {
          const drip = setInterval(() => response.write("# nothing\n"), 200);
          response.once("close", () => clearInterval(drip));
          return true;
        },
      },
      "to /metrics did not end within 10 s. Is it VictoriaMetrics?",
    ],
  ])(
    "a server that %s fails the run after ten seconds",
    async (_, options, message) => {
      const fake = await fakeDatabase(options);
      try {
        const sink = victoriaMetrics({ url: fake.url });
        await expect(sink.open(testContext())).rejects.toMatchObject({
          code: "TIMEOUT",
          message: expect.stringContaining(message),
        });
      } finally {
        await fake[Symbol.asyncDispose]();
      }
    },
    20_000,
  );

  it("a server that answers without an end is cut off", async () => {
    let closed = false;
    const fake = await answering((response) => {
      const megabyte = "#".repeat(2 ** 20);
      const more = (): void => {
        while (!response.closed && response.write(megabyte));
      };
      response.on("drain", more).once("close", () => {
        closed = true;
      });
      more();
    });
    expect(await refusalOf(fake)).toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: `The answer of ${fake.url} to /metrics has more than 16 MiB. Is it VictoriaMetrics?`,
    });
    await expect.poll(() => closed).toBe(true);
  });

  it("https for a server of http is told apart from a server that is away", async () => {
    const fake = await database();
    const url = fake.url.replace("http:", "https:");
    expect(await refusalOf({ url: `${url}/vm` })).toMatchObject({
      code: "REMOTE_FAILED",
      retryable: false,
      message: `${url}/vm listens for http, not https; give ${fake.url}/vm.`,
    });
  });

  it.each([
    "Client sent an HTTP request to an HTTPS server.",
    "<center>The plain HTTP request was sent to HTTPS port</center>",
    "You're speaking plain HTTP to an SSL-enabled server port.",
  ])("http for a server of https is told in clear words: %s", async (words) => {
    const fake = await answering((response) => reply(response, 400, words));
    const https = fake.url.replace("http:", "https:");
    expect(await refusalOf(fake)).toMatchObject({
      code: "REMOTE_FAILED",
      message: `${fake.url} listens for https, not http; give ${https}.`,
    });
  });

  it("http for a server that closes without a word may be one of https", async () => {
    const fake = await database({
      meet(request) {
        request.socket.end();
        return true;
      },
    });
    const https = fake.url.replace("http:", "https:");
    expect(await refusalOf(fake)).toMatchObject({
      code: "REMOTE_FAILED",
      message: `Cannot reach the database at ${fake.url}: other side closed. If it listens for https, give ${https}.`,
    });
  });
});

describe("before the first byte", () => {
  it.each<[string, SeriesBatch, string]>([
    ["times before 1970", plainBatch("a", 1, -5), "1969-12-31T23:59:59.995Z"],
    ["times in the far future", plainBatch("a", 1, 2 ** 43), "takes nothing after"],
    [
      "too many labels",
      {
        ...plainBatch("a", 1),
        table: {
          id: "many",
          labels: [Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`l${i}`, "x"]))],
        },
      },
      "-maxLabelsPerTimeseries=30",
    ],
  ])("refuses %s", async (_, batch, message) => {
    const fake = await database();
    for (const format of ["remote-write", "prometheus"] as const) {
      const { writer } = await open(fake, { format });
      await expect(writer.write(batch)).rejects.toMatchObject({
        code: "SINK_REJECTED",
        message: expect.stringContaining(message),
      });
    }
    expect(fake.posts).toHaveLength(0);
  });
});

describe("a dry run", () => {
  it("encodes and checks everything, and sends nothing", async () => {
    const fake = await database();
    const { result, marks } = await load(fake, bodies(5), { dryRun: true });
    expect(fake.posts).toHaveLength(0);
    expect(result).toMatchObject({ samples: 0, requests: 5, durableMs: undefined, lostRows: {} });
    expect(result.bytes).toBeGreaterThan(5 * ONE_BODY * 18);
    expect(marks.at(-1)).toEqual({ accepted: 5, durable: 0 });
    expect(fake.asked).toEqual(["/metrics"]);
    const { writer } = await open(fake, { dryRun: true });
    await expect(writer.write(plainBatch("a", 1, -5))).rejects.toMatchObject({
      code: "SINK_REJECTED",
    });
  });

  it("goes on without a database, and says what was not checked", async () => {
    const gone = await fakeDatabase();
    await gone[Symbol.asyncDispose]();
    const { result, context } = await load(gone, bodies(2), { dryRun: true });
    expect(result.requests).toBe(2);
    expect(warnings(context)).toEqual([
      expect.stringMatching(/^Checking without a database: Cannot reach the database/),
    ]);
  });
});

describe("secrets of the URL", () => {
  const SECRETS = ["s3cr:et", "s3cr%3Aet", Buffer.from("me:s3cr:et").toString("base64")];
  const secretUrl = (url: string): string => url.replace("http://", "http://me:s3cr%3Aet@");

  it("go to the database with every request", async () => {
    const authorizations = new Set<string | undefined>();
    const fake = await database({
      meet({ headers }) {
        authorizations.add(headers.authorization);
        return false;
      },
    });
    await load({ url: secretUrl(fake.url) }, bodies(2));
    expect([...authorizations]).toEqual([`Basic ${SECRETS[2]}`]);
  });

  it.each<[string, FakeDatabaseOptions]>([
    ["a retry", { answer: ({ number }, response) => reply(response, number < 3 ? 503 : 204) }],
    ["a rejection", { answer: (_, response) => reply(response, 400, "bad") }],
    ["missing permission", { answer: (_, response) => reply(response, 401) }],
    ["a wrong path", { answer: (_, response) => reply(response, 404) }],
    [
      "a reset",
      {
        answer({ number }, response) {
          if (number < 3) response.socket?.resetAndDestroy();
          else reply(response, 204);
        },
      },
    ],
    [
      "a refused snapshot's removal",
      {
        get(path, response) {
          if (!path.startsWith("/snapshot/delete")) return false;
          reply(response, 500);
          return true;
        },
      },
    ],
    [
      "a missing database",
      {
        meet(request) {
          request.socket.resetAndDestroy();
          return true;
        },
      },
    ],
    ["too old a batch", { metrics: () => 'flag{name="retentionPeriod", value="1"} 1\n' }],
  ])("are in no message after %s", async (_, options) => {
    const fake = await database(options);
    const said: unknown[] = [];
    const note = (...words: unknown[]): void => {
      said.push(words);
    };
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    const context = testContext({ logger });
    await load({ url: secretUrl(fake.url) }, bodies(2), {}, context).catch((error: unknown) => {
      said.push(error, error instanceof Error ? [error.message, error.stack, error.cause] : []);
    });
    said.push(context.events);
    const everything = inspect(said, { depth: 20, showHidden: true });
    expect(everything.length).toBeGreaterThan(20);
    for (const secret of SECRETS) expect(everything).not.toContain(secret);
  });
});

it("has batches that fill one body each", () => {
  expect(sampleCount(plainBatch("a", ONE_BODY, START_MS))).toBe(ONE_BODY);
});
