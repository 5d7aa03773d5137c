// Opens the queue at its arguments (URL, prefix), begins a job, says so, and never ends it.
import { bullmqJobs } from "@millrace/core/jobs/bullmq";

const [, , connection = "", prefix = ""] = process.argv;
const jobs = await bullmqJobs({ connection, prefix, leaseMs: 2_000, maxLosses: 2 });
await jobs.work(async () => {
  process.stdout.write("begun\n");
  await new Promise(() => {});
});
