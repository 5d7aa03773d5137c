import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { JobQueue } from "@millrace/core/jobs";
import { embeddedJobs } from "@millrace/core/jobs";
import { folderObjects, type ObjectStore } from "@millrace/core/objects";
import type { DatabaseOptions } from "@millrace/vm-sink";
import { databaseOf, type ServerSettings } from "../settings.ts";
import { ArrayCatalog } from "./array-catalog.ts";
import { DatabaseQueries } from "./database-queries.ts";
import { JobViews } from "./job-views.ts";

/** Folders of the server, all below its data folder. */
export interface ServerFolders {
  /** Uploads that are not complete yet. */
  readonly incoming: string;
  readonly objects: string;
  /** How far each load has come. */
  readonly checkpoints: string;
  /** Files that are being written. */
  readonly work: string;
}

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
  const folders: ServerFolders = {
    incoming: join(dataFolder, "incoming"),
    objects: join(dataFolder, "objects"),
    checkpoints: join(dataFolder, "checkpoints"),
    work: join(dataFolder, "work"),
  };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
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

async function openQueue(dataFolder: string, queueUrl: string | undefined): Promise<JobQueue> {
  if (queueUrl === undefined) return await embeddedJobs({ path: join(dataFolder, "jobs.db") });
  const { bullmqJobs } = await import("@millrace/core/jobs/bullmq");
  return await bullmqJobs({ connection: queueUrl, name: "millrace-storage" });
}
