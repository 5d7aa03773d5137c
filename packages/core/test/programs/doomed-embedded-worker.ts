// Opens the queue at its first argument, begins a job, says so, and never ends it.
import { embeddedJobs } from "@millrace/core/jobs";

const jobs = await embeddedJobs({ path: process.argv[2] as string });
await jobs.work(async () => {
  process.stdout.write("begun\n");
  await new Promise(() => {});
});
