import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { JobContext } from "@millrace/core/jobs";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import { serverSettings } from "../src/index.ts";
import { runLoad } from "../src/storage/load/run-load.ts";
import { openServices, type StorageServices } from "../src/storage/services.ts";
import { finishUpload } from "../src/storage/uploads.ts";
import { testBench } from "./test-server.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped run-load.real.test.ts: ${missing}\n`);

const context: JobContext = {
  signal: new AbortController().signal,
  progress: async () => {},
  log: async () => {},
};
const crash = async (): Promise<never> => {
  throw new Error("killed here");
};

/** Services that end a load between two of its steps, as a kill would. */
const KILLED: Readonly<Record<string, (services: StorageServices) => StorageServices>> = {
  "before it keeps its result": (services) => ({
    ...services,
    objects: { ...services.objects, put: crash },
  }),
  "before it notes its array": (services) => ({
    ...services,
    arrays: Object.assign(Object.create(services.arrays), { note: crash }),
  }),
  "before it deletes the archive": (services) => ({
    ...services,
    objects: { ...services.objects, delete: crash },
  }),
};

describe.skipIf(missing !== undefined)("a load that is killed", () => {
  it.each([...Object.keys(KILLED), "before its job says so"])(
    "%s is in the database once",
    async (moment) => {
      await using load = await newLoad();
      const { bench, services, archive, job } = load;
      const killed = KILLED[moment];
      if (killed === undefined) await runLoad(job, context, services);
      else await expect(runLoad(job, context, killed(services))).rejects.toThrow("killed here");
      const { report } = await runLoad(job, context, services);
      expect(report).toMatchObject({ complete: true, verified: "complete", warnings: [] });
      expect(report.samples).toMatchObject({ parsed: archive.samples, durable: archive.samples });
      expect(await bench.held(archive.serial)).toBe(archive.samples);
      expect(await services.arrays.list()).toMatchObject([
        { serial: archive.serial, loads: 1, samples: archive.samples },
      ]);
      expect((await services.objects.list({ prefix: "uploads/" })).objects).toEqual([]);
    },
  );

  it("after its array was deleted is loaded again", async () => {
    await using load = await newLoad();
    const { bench, services, archive, job } = load;
    const killed = KILLED["before it keeps its result"]?.(services) ?? services;
    await expect(runLoad(job, context, killed)).rejects.toThrow("killed here");
    await services.queries.deleteSeries(`{SN="${archive.serial}"}`);
    expect(await bench.held(archive.serial)).toBe(0);
    const { report } = await runLoad(job, context, services);
    expect(report.verified).toBe("complete");
    expect(await bench.held(archive.serial)).toBe(archive.samples);
  });

  it("and lost a sample meanwhile says so", async () => {
    await using load = await newLoad();
    const { services, archive, job } = load;
    const killed = KILLED["before it keeps its result"]?.(services) ?? services;
    await expect(runLoad(job, context, killed)).rejects.toThrow("killed here");
    await services.queries.deleteSeries(`{SN="${archive.serial}",Resource="LUN"}`);
    await expect(runLoad(job, context, services)).rejects.toThrow("samples are missing");
  });
});

async function newLoad() {
  const bench = await testBench();
  const settings = serverSettings.parse({
    dataFolder: join(bench.folder, "data"),
    vmUrl: bench.database.url,
  });
  const services = await openServices(settings);
  const archive = await bench.archive("a.zip");
  const about = { filename: "a.zip", target: "grafana", source: "upload" } as const;
  const { id } = await finishUpload(about, createReadStream(archive.path), services);
  const job = await services.queue.get(id);
  if (job === undefined) throw new Error("There is no job.");
  return {
    ...{ bench, services, archive, job },
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
    },
  };
}
