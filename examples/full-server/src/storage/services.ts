import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import type { JobQueue } from "@millrace/core/jobs";
import { embeddedJobs } from "@millrace/core/jobs";
import { folderObjects, type ObjectStore } from "@millrace/core/objects";
import type { DatabaseOptions } from "@millrace/vm-sink";
import { databaseOf, type ServerSettings } from "../settings.ts";
import { ArrayCatalog } from "./array-catalog.ts";
import { DatabaseQueries } from "./database-queries.ts";
import { JobViews } from "./job-views.ts";
import { type ServerFolders, serverFolders } from "./server-folders.ts";

/** What the routes and the jobs of the storage product share. */
export interface StorageServices extends AsyncDisposable {
  readonly settings: ServerSettings;
  readonly folders: ServerFolders;
  readonly database: DatabaseOptions;
  readonly queries: DatabaseQueries;
  readonly queue: JobQueue;
  readonly objects: ObjectStore;
  readonly arrays: ArrayCatalog;
  readonly jobs: JobViews;
  /** Where `ingest` finds an object. */
  inputOf(key: string): string;
}

/** Opens everything that outlives a request. */
export async function openServices(settings: ServerSettings): Promise<StorageServices> {
  const { dataFolder, queueUrl } = settings;
  const folders = serverFolders(dataFolder);
  for (const folder of Object.values(folders)) await make(folder);
  const objects = folderObjects({ path: folders.objects });
  const queue = await openQueue(dataFolder, queueUrl);
  const database = databaseOf(settings);
  return {
    settings,
    folders,
    database,
    queries: new DatabaseQueries(database),
    queue,
    objects,
    arrays: new ArrayCatalog(objects),
    jobs: new JobViews(queue),
    inputOf: (key) => objects.fileOf(key),
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await objects[Symbol.asyncDispose]();
    },
  };
}

async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new MillraceError(
      "INVALID_OPTION",
      `The folder ${folder} cannot be made: ${(cause as Error).message}. Give another dataFolder, or the right to write there.`,
      { cause },
    );
  }
}

async function openQueue(dataFolder: string, queueUrl: string | undefined): Promise<JobQueue> {
  if (queueUrl === undefined) return await embeddedJobs({ path: join(dataFolder, "jobs.db") });
  const { bullmqJobs } = await import("@millrace/core/jobs/bullmq");
  return await bullmqJobs({ connection: queueUrl, name: "millrace-storage" });
}
