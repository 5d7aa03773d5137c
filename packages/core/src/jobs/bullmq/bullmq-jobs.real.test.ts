import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, type RedisServer, startRedis } from "../../../test/redis-server.ts";
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

  it("says that no server answers", async () => {
    const opening = bullmqJobs({ connection: "redis://:secret@127.0.0.1:1", connectMs: 300 });
    await expect(opening).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      retryable: true,
      message: expect.not.stringContaining("secret"),
    });
  });
});
