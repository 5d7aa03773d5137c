import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArchiveSpec, generateArchive, writeZip } from "@millrace/ingest/testing";
import type { VictoriaMetricsServer } from "@millrace/vm-sink/server";
import { startVictoriaMetrics } from "@millrace/vm-sink/server";
import { type RunningServer, serverSettings, startServer } from "../src/index.ts";
import type { JobView } from "../src/storage/job-views.ts";

/** An archive on the disk, of an array of its own. */
export interface TestArchive {
  readonly path: string;
  readonly serial: string;
  readonly samples: number;
}

/** A server with a database of its own, in a folder that goes with it. */
export interface TestBench extends AsyncDisposable {
  readonly database: VictoriaMetricsServer;
  readonly folder: string;
  /** Starts a server on the same data. */
  start(settings?: Readonly<Record<string, unknown>>): Promise<RunningServer>;
  archive(name: string, spec?: ArchiveSpec): Promise<TestArchive>;
  /** Samples that the database holds of an array. */
  held(serial: string): Promise<number>;
}

/** Makes a bench. */
export async function testBench(): Promise<TestBench> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-server-"));
  const database = await startVictoriaMetrics();
  const servers: RunningServer[] = [];
  let archives = 0;
  return {
    database,
    folder,
    async start(settings = {}) {
      const server = await startServer(
        serverSettings.parse({
          port: 0,
          dataFolder: join(folder, "data"),
          vmUrl: database.url,
          grafanaUrl: "http://grafana.test:3000",
          rateLimit: 100_000,
          ...settings,
        }),
      );
      servers.push(server);
      return server;
    },
    async archive(name, spec = {}) {
      archives += 1;
      const serial = `2102SERVER${String(archives).padStart(4, "0")}`;
      const made = generateArchive({
        profile: "tiny",
        filesPerController: 4,
        arrays: [{ serial }],
        ...spec,
      });
      const { samples } = await writeZip(made, join(folder, name));
      return { path: join(folder, name), serial, samples };
    },
    async held(serial) {
      await fetch(`${database.url}/internal/force_flush`);
      const selector = `{SN="${serial}",a!="${Math.random()}"}`;
      const parameters = new URLSearchParams({ "match[]": selector, start: "0" });
      const text = await (await fetch(`${database.url}/api/v1/export?${parameters}`)).text();
      return text
        .split("\n")
        .filter(Boolean)
        .reduce((sum, line) => sum + JSON.parse(line).values.length, 0);
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server.close();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks the server and reads JSON. */
export async function ask<T = Record<string, unknown>>(
  url: string,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly body: T }> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  return { status: answer.status, body: (text === "" ? undefined : JSON.parse(text)) as T };
}

/** A form with one archive. */
export function form(bytes: Uint8Array<ArrayBuffer>, name: string, target?: string): FormData {
  const data = new FormData();
  if (target !== undefined) data.set("target", target);
  data.set("file", new Blob([bytes]), name);
  return data;
}

/** Waits until a job is finished. */
export async function finished(server: Pick<RunningServer, "url">, id: string): Promise<JobView> {
  for (;;) {
    const { body } = await ask<JobView>(`${server.url}/v1/jobs/${id}`);
    if (body.finishedMs !== null) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
