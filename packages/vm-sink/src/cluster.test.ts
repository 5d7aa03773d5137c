import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testContext } from "@millrace/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writtenSamples } from "../test/decode-remote-write.ts";
import {
  type FakeDatabase,
  type FakeDatabaseOptions,
  fakeDatabase,
  metricsPage,
  reply,
} from "../test/fake-database.ts";
import { bodies, loadInto } from "../test/fake-load.ts";
import { samplesOf } from "../test/samples.ts";
import { countSamples } from "./count-samples.ts";
import { createLoadCheck } from "./load-check.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

/** What vminsert says of itself: no retention, no storage path. Not taken from a real one. */
function clusterPage(rows: number): string {
  return [
    'flag{name="storageNode", value="vmstorage-1:8400", is_set="true"} 1',
    'flag{name="maxConcurrentInserts", value="8", is_set="false"} 1',
    "vm_app_start_timestamp 1000",
    `vm_rows_inserted_total{type="promremotewrite"} ${rows}`,
    "",
  ].join("\n");
}

function agentPage(): string {
  return metricsPage(1_000, 'flag{name="remoteWrite.tmpDataPath", value="q", is_set="true"} 1')
    .split("\n")
    .filter((line) => !line.includes("retentionPeriod"))
    .join("\n");
}

const PREFIX = "/insert/7/prometheus";
const OLD = bodies(6); // of 2019, older than the retention that a single server has by default

/** A vminsert, which counts what it takes. */
async function vminsert(answer: NonNullable<FakeDatabaseOptions["answer"]> = accept) {
  const fake: FakeDatabase = await fakeDatabase({
    metrics: () => clusterPage(writtenSamples(fake.posts.map(({ body }) => body)).length),
    answer,
  });
  return fake;
}

const accept: NonNullable<FakeDatabaseOptions["answer"]> = (_, response) => reply(response, 204);

/** A vminsert that breaks the connection of the third body after it has taken it. */
function breaking() {
  return vminsert(({ number }, response) => {
    if (number === 3) response.destroy();
    else reply(response, 204);
  });
}

/** What {@link breaking} has: everything that arrived, whatever was answered. */
function exportOf(bodiesOf: readonly Buffer[]): string {
  return writtenSamples(bodiesOf)
    .map((text) => {
      const [pairs, timeMs, value] = JSON.parse(text) as [[string, string][], number, number];
      const metric = Object.fromEntries(pairs);
      return `${JSON.stringify({ metric, values: [value], timestamps: [timeMs] })}\n`;
    })
    .join("");
}

// Concurrent, as some wait for an age.
describe.concurrent("a cluster", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-cluster-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("takes old data at the tenant's path, and is asked for itself at the root", async () => {
    await using insert = await vminsert();
    const { result, warnings } = await loadInto(`${insert.url}${PREFIX}`, OLD);
    expect(result.samples).toBe(6 * 210);
    expect(new Set(insert.posts.map(({ path }) => path))).toEqual(
      new Set([`${PREFIX}/api/v1/write`]),
    );
    expect(new Set(insert.asked)).toEqual(new Set(["/metrics"]));
    expect(warnings).toEqual([]);
  });

  it("is durable by age alone, and says so where a snapshot was asked for", async () => {
    await using insert = await vminsert();
    const options = { durability: "snapshot" } as const;
    const { result, warnings } = await loadInto(`${insert.url}${PREFIX}`, OLD.slice(1), options);
    expect(result.durableMs).toBeGreaterThanOrEqual(15_000);
    expect(insert.asked.some((path) => path.includes("snapshot"))).toBe(false);
    expect(warnings).toEqual([expect.stringContaining("is a vminsert, not the database itself")]);
  }, 40_000);

  it("sends again what it cannot look up, and warns", async () => {
    await using insert = await breaking();
    const { warnings } = await loadInto(`${insert.url}${PREFIX}`, OLD, { connections: 1 });
    expect(insert.posts).toHaveLength(7);
    expect(warnings.join()).toContain("its samples may be there twice");
  });

  it("settles a doubt by its vmselect, and sends nothing twice", async () => {
    await using insert = await breaking();
    const asked: string[] = [];
    await using select = await fakeDatabase({
      answer({ path }, response) {
        asked.push(path);
        reply(response, 200, exportOf(insert.posts.map(({ body }) => body)));
      },
    });
    const selectUrl = `${select.url}/select/7:0/prometheus`;
    const checkpoint = { path: join(folder, "checkpoint"), load: "test" };
    const options = { connections: 1, selectUrl, checkpoint, durability: "age" } as const;
    const { warnings } = await loadInto(`${insert.url}${PREFIX}`, OLD, options);
    expect(writtenSamples(insert.posts.map(({ body }) => body)).sort()).toEqual(
      samplesOf(OLD).texts,
    );
    expect(new Set(asked)).toEqual(new Set(["/select/7:0/prometheus/api/v1/export"]));
    expect(select.asked).toContain("/internal/resetRollupResultCache");
    expect(insert.asked.concat(select.asked).join()).not.toContain("force_flush");
    expect(warnings.join()).not.toContain("twice");
  }, 60_000);

  it("needs a vmselect for a checkpoint, a count and a check", async () => {
    const url = `http://vminsert:8480${PREFIX}`;
    const checkpoint = { path: join(folder, "checkpoint"), load: "test" };
    const error = expect.objectContaining({
      code: "UNSUPPORTED",
      message: expect.stringContaining("as selectUrl"),
    });
    expect(() => victoriaMetrics({ url, checkpoint })).toThrow(error);
    expect(() => createLoadCheck({ url, by: "SN" })).toThrow(error);
    await expect(countSamples({ url, labels: {}, fromMs: 0, toMs: 1 })).rejects.toThrow(error);
  });
});

describe.concurrent("a vmagent", () => {
  it("takes old data, and is said not to be the database", async () => {
    await using agent = await fakeDatabase({ metrics: agentPage });
    const options = { durability: "age" } as const;
    const { result, warnings } = await loadInto(agent.url, OLD, options);
    expect(result.durableMs).toBeGreaterThanOrEqual(15_000);
    expect(warnings).toEqual([expect.stringContaining("is a vmagent, not the database itself")]);
  }, 40_000);

  it("can be the target of no checkpoint", async () => {
    await using agent = await fakeDatabase({ metrics: agentPage });
    const checkpoint = { path: join(tmpdir(), "millrace-never-made"), load: "test" };
    const sink = victoriaMetrics({ url: agent.url, checkpoint });
    await expect(sink.open(testContext())).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("load into the database itself"),
    });
  });
});
