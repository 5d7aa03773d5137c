import type { ConformanceCheck } from "./conformance.ts";
import type { DescribeJobQueueOptions } from "./describe-job-queue.ts";
import { jobChangeChecks } from "./job-change-checks.ts";
import { jobCrashChecks } from "./job-crash-checks.ts";
import { jobRecordChecks } from "./job-record-checks.ts";
import { jobWorkChecks } from "./job-work-checks.ts";

/** The rules of the job queue contract, in the order in which `describeJobQueue` tests them. */
export const jobQueueChecks: readonly ConformanceCheck<DescribeJobQueueOptions>[] = [
  ...jobRecordChecks,
  ...jobWorkChecks,
  ...jobChangeChecks,
  ...jobCrashChecks,
];
