import type { RunningServer } from "../src/index.ts";
import { barcodeOf, markedClip, markModel } from "./marked-clip.ts";
import { ask } from "./test-server.ts";
import { upload, type VideoBench, videoBench } from "./video-server.ts";

/** How the server refuses. */
export interface Problem {
  readonly error: { readonly code: string; readonly message: string };
}

/** What was found in a frame. */
export interface Found {
  readonly index: number;
  readonly time: number;
  readonly count: number;
  readonly detections: readonly { readonly class: string; readonly box: readonly number[] }[];
  readonly source: string;
  readonly error?: { readonly code: string };
}

/** Statistics since the start, as far as tests read them. */
interface Stats {
  readonly videos: { readonly kept: number; readonly open: number };
  readonly frames: Readonly<Record<"answered" | "hits" | "misses" | "hitRate", number>>;
  readonly decodedPackets: number;
  readonly cache: Readonly<Record<"sizeBytes" | "maxBytes", number>>;
  readonly inference: null | Readonly<Record<"frames" | "batches" | "meanBatchSize", number>>;
}

/** A server with a model that knows one clip, under the id `marked`. */
export interface MarkedServer extends AsyncDisposable {
  readonly bench: VideoBench;
  readonly server: RunningServer;
  /** The clip's file. */
  readonly clip: string;
  stats(): Promise<Stats>;
  /** A picture of a frame, and the number that it shows: undefined where the server refuses. */
  picture(path: string): Promise<{ readonly response: Response; readonly number: unknown }>;
}

/** Starts one. */
export async function startMarkedServer(): Promise<MarkedServer> {
  const bench = await videoBench();
  const clip = await markedClip();
  const server = await bench.start({ videoModel: await markModel(bench.folder) });
  const { status } = await upload(server, clip, "marked");
  if (status !== 201) throw new Error(`The upload of ${clip} is answered with ${status}.`);
  return {
    bench,
    server,
    clip,
    async stats() {
      return (await ask<Stats>(`${server.url}/v1/video/stats`)).body;
    },
    async picture(path) {
      const response = await fetch(`${server.url}${path}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { response, number: response.ok ? await barcodeOf(bytes) : undefined };
    },
    [Symbol.asyncDispose]: async () => await bench[Symbol.asyncDispose](),
  };
}
