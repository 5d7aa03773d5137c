import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeJobQueue } from "../../testing/describe-job-queue.ts";
import { embeddedJobs } from "./embedded-jobs.ts";

const program = fileURLToPath(
  new URL("../../../test/programs/doomed-embedded-worker.ts", import.meta.url),
);

describeJobQueue("describeJobQueue: embeddedJobs", {
  async create() {
    const folder = await mkdtemp(join(tmpdir(), "millrace-jobs-"));
    const path = join(folder, "jobs.db");
    return {
      path,
      open: (options) => embeddedJobs({ path, ...options }),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  },
  async startDoomedWorker({ path }) {
    const child = spawn(process.execPath, ["--conditions=@millrace/source", program, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
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
