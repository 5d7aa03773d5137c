import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, type RedisServer, startRedis } from "../../../../../test/redis-server.ts";
import { describeJobQueue } from "../../testing/describe-job-queue.ts";
import { bullmqJobs } from "./bullmq-jobs.ts";

const program = fileURLToPath(
  new URL("../../../test/programs/doomed-bullmq-worker.ts", import.meta.url),
);
const title = missing === undefined ? "bullmqJobs" : `bullmqJobs (skipped: ${missing})`;

describe.skipIf(missing !== undefined)(title, () => {
  let server: RedisServer;
  let places = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describeJobQueue("describeJobQueue: bullmqJobs", {
    shared: true,
    async create() {
      places += 1;
      const prefix = `place-${places}`;
      return {
        prefix,
        open: (options) =>
          bullmqJobs({ connection: server.url, prefix, leaseMs: 2_000, ...options }),
        [Symbol.asyncDispose]: async () => {},
      };
    },
    async startDoomedWorker({ prefix }) {
      const child = spawn(
        process.execPath,
        ["--conditions=@millrace/source", program, server.url, prefix],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const exit = once(child, "exit");
      await Promise.race([once(child.stdout, "data"), exit]);
      if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}`);
      return {
        async kill() {
          child.kill("SIGKILL");
          await exit;
        },
      };
    },
  });

  it("goes on after its server was killed and started again, with every job", async () => {
    await using jobs = await bullmqJobs({ connection: server.url, prefix: "restart" });
    const before = await jobs.add("load", "before");
    await using _worker = await jobs.work(async ({ payload }) => payload);
    await expect.poll(async () => (await jobs.get(before.id))?.state).toBe("done");
    const delayed = await jobs.add("load", "delayed", { delayMs: 1_000 });
    await server.restart();
    const after = await jobs.add("load", "after");
    for (const { id } of [delayed, after]) {
      await expect.poll(async () => (await jobs.get(id))?.state).toBe("done");
    }
    expect((await jobs.get(before.id))?.result).toBe("before");
  });

  it("forgets finished jobs at once when none are kept, and says what was added", async () => {
    const options = { connection: server.url, prefix: "forget", keepFinished: 0 };
    await using jobs = await bullmqJobs(options);
    await using _worker = await jobs.work(async () => {});
    const added = await Promise.all([1, 2, 3, 4].map((n) => jobs.add("load", n)));
    expect(added.map(({ payload }) => payload)).toEqual([1, 2, 3, 4]);
    await expect.poll(async () => (await jobs.list()).jobs).toEqual([]);
  });

  it("says that no server answers", async () => {
    const opening = bullmqJobs({ connection: "redis://:secret@127.0.0.1:1", connectMs: 300 });
    await expect(opening).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      retryable: true,
      message: expect.not.stringContaining("secret"),
    });
  });
});
