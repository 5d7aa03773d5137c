import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type RunningServer, serverSettings, startServer } from "../src/index.ts";
import { ask } from "./test-server.ts";

/** A server for videos, in a folder that goes with it; there is no database. */
export interface VideoBench extends AsyncDisposable {
  readonly folder: string;
  /** Starts a server on the same data. */
  start(settings?: Readonly<Record<string, unknown>>): Promise<RunningServer>;
}

/** Makes a bench. */
export async function videoBench(): Promise<VideoBench> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-video-server-"));
  const servers: RunningServer[] = [];
  return {
    folder,
    async start(settings = {}) {
      const server = await startServer(
        serverSettings.parse({
          ...{ port: 0, dataFolder: join(folder, "data"), rateLimit: 100_000 },
          ...settings,
        }),
      );
      servers.push(server);
      return server;
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A form with a video. */
async function videoForm(path: string, id?: string): Promise<FormData> {
  const data = new FormData();
  if (id !== undefined) data.set("id", id);
  data.set("file", new Blob([await readFile(path)]), basename(path));
  return data;
}

/** Uploads a video. */
export async function upload<T = { readonly video: Record<string, unknown>; outcome: string }>(
  server: Pick<RunningServer, "url">,
  path: string,
  id?: string,
  route = "/v1/videos",
): Promise<{ readonly status: number; readonly body: T }> {
  return await ask<T>(`${server.url}${route}`, { method: "POST", body: await videoForm(path, id) });
}
