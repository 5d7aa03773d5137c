import type { ServerResponse } from "node:http";
import { testContext } from "@millrace/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type FakeDatabase,
  type FakeDatabaseOptions,
  fakeDatabase,
  metricsPage,
  reply,
} from "../test/fake-database.ts";
import { plainBatch, START_MS } from "../test/samples.ts";
import { createLoadCheck } from "./load-check.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

async function database(options: FakeDatabaseOptions = {}): Promise<FakeDatabase> {
  const fake = await fakeDatabase(options);
  onTestFinished(() => fake[Symbol.asyncDispose]());
  return fake;
}

const checked = (url: string) => {
  const check = createLoadCheck({ url, by: "job" });
  return { check, sink: check.around(victoriaMetrics({ url })) };
};

describe("createLoadCheck", () => {
  it("keeps the name and the promises of the sink", () => {
    const plain = victoriaMetrics({ url: "http://db" });
    const { apiVersion, name, capabilities } = checked("http://db").sink;
    expect({ apiVersion, name, capabilities }).toEqual({
      apiVersion: plain.apiVersion,
      name: plain.name,
      capabilities: plain.capabilities,
    });
  });

  it("refuses an address that puts the label on every series", () => {
    expect(() => checked("http://db/?extra_label=job=mine")).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringContaining("Nothing can be counted by the label job"),
      }),
    );
  });

  it.each([
    ["10s", true],
    ["1m0s", true],
    ["2ms", true],
    ["1ms", false],
    ["0s", false],
  ])("with -dedup.minScrapeInterval=%s refuses before anything is sent: %s", async (value, no) => {
    const fake = await database({
      metrics: () => metricsPage(1_000, `flag{name="dedup.minScrapeInterval", value="${value}"} 1`),
    });
    const opening = checked(fake.url).sink.open(testContext());
    if (!no) {
      await using _ = await opening;
      return;
    }
    await expect(opening).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: `The database at ${fake.url} keeps one sample of a series in ${value} (-dedup.minScrapeInterval), so counting cannot tell whether any is missing. Load without the check.`,
    });
    expect(fake.asked).toEqual(["/metrics"]);
  });

  it("sends nothing where the database cannot be asked what it holds", async () => {
    const fake = await database({
      get(path, response) {
        if (!path.startsWith("/api/v1/query")) return false;
        reply(response, 401);
        return true;
      },
    });
    await using writer = await checked(fake.url).sink.open(testContext());
    await expect(writer.write(plainBatch("a", 3))).rejects.toMatchObject({ code: "REMOTE_FAILED" });
    await writer.abort(new Error("enough"));
    expect(fake.posts).toEqual([]);
  });

  it.each(["signal", "abort()"])("lets go of a count at once on %s", async (way) => {
    const fake = await database({ get: (path) => path.startsWith("/api/v1/query") });
    const controller = new AbortController();
    const context = testContext({ signal: controller.signal });
    await using writer = await checked(fake.url).sink.open(context);
    const reason = new Error("enough");
    const writing = expect(writer.write(plainBatch("a", 3))).rejects.toBe(reason);
    await expect.poll(() => fake.asked.at(-1)).toMatch(/^\/api\/v1\/query/);
    if (way === "signal") controller.abort(reason);
    else await writer.abort(reason);
    await writing;
    await writer.abort(reason);
  });

  it("asks again where a connection breaks, before the load and after it", async () => {
    const broken = new Map<string, number>();
    // Every question breaks once: the look before, the one after, and the export of all samples.
    const breaks = (question: string, response: ServerResponse): boolean => {
      const times = (broken.get(question) ?? 0) + 1;
      broken.set(question, times);
      if (times % 2 === 1) response.destroy();
      return times % 2 === 1;
    };
    const fake: FakeDatabase = await database({
      get(path, response) {
        if (!path.startsWith("/api/v1/query")) return false;
        if (breaks("count", response)) return true;
        const count = fake.posts.length === 0 ? 0 : 1;
        reply(response, 200, JSON.stringify({ data: { result: [{ value: [0, `${count}`] }] } }));
        return true;
      },
      answer({ path }, response) {
        if (!path.startsWith("/api/v1/export")) return reply(response, 204);
        if (breaks("export", response)) return;
        const metric = { __name__: "a", job: "test" };
        reply(response, 200, JSON.stringify({ metric, values: [0], timestamps: [START_MS] }));
      },
    });
    const check = createLoadCheck({ url: fake.url, by: "job" });
    const sink = check.around(victoriaMetrics({ url: fake.url, durability: "none" }));
    await using writer = await sink.open(testContext());
    await writer.write(plainBatch("a", 1));
    await writer.close();
    expect(await check.compare()).toMatchObject([{ sent: 1, before: 0, found: 1 }]);
    expect([...broken.keys()]).toEqual(["count", "export"]);
  });

  it("lets go of the comparison at once, too", async () => {
    const fake = await database({ get: (path) => path.startsWith("/internal/force_flush") });
    const controller = new AbortController();
    const reason = new Error("enough");
    const comparing = checked(fake.url).check.compare({ signal: controller.signal });
    const outcome = expect(comparing).rejects.toBe(reason);
    await expect.poll(() => fake.asked).toHaveLength(1);
    controller.abort(reason);
    await outcome;
  });
});
