import { MillraceError } from "@millrace/core";
import { createFrameHub, type FrameHub, type PublicationStats } from "@millrace/streaming";
import type { FastifyBaseLogger } from "fastify";
import type { Subscription } from "rxjs";
import { sharedWork } from "../video/shared-work.ts";
import type { VideoServices } from "../video/video-services.ts";
import type { Cameras } from "./camera/camera-stream.ts";
import type { Encoders } from "./encoders.ts";
import type { StreamMetrics } from "./stream-metrics.ts";
import { openSource, type StreamSource } from "./stream-source.ts";
import { type StreamSpec, streamId } from "./stream-spec.ts";
import type { StreamingSettings } from "./streaming-settings.ts";
import type { Publications, TransportName, Transports } from "./transports.ts";

/** A stream that is open. */
export interface OpenStream {
  readonly id: string;
  readonly spec: StreamSpec;
  readonly title: string;
  readonly sinceMs: number;
  /** Pixels of the picture at its source: what boxes are told in. */
  readonly picture: { readonly width: number; readonly height: number };
  readonly hub: FrameHub;
  /** How the camera is, where it is one. */
  readonly camera?: StreamSource["camera"];
  readonly publications: Publications;
  /** How its transports were doing a second ago at most. */
  readonly stats: ReadonlyMap<TransportName, PublicationStats>;
}

/** The streams of a server: one for equal wishes, open while somebody watches and a while longer. */
export interface StreamShelf extends AsyncDisposable {
  list(): readonly OpenStream[];
  /** @throws MillraceError NOT_FOUND when there is none */
  get(id: string): OpenStream;
  /**
   * The stream of these wishes, opened if it is not.
   *
   * @throws MillraceError as {@link openSource}, and LIMIT_EXCEEDED, retryable, when too many are open
   */
  open(spec: StreamSpec): Promise<{ readonly stream: OpenStream; readonly isNew: boolean }>;
  /** Sends all viewers of a stream away. */
  close(id: string): Promise<void>;
}

/** What {@link createStreamShelf} takes. */
export interface StreamShelfOptions {
  readonly settings: StreamingSettings;
  readonly videos: Pick<VideoServices, "shelf" | "found">;
  readonly encoders: Encoders;
  readonly cameras: Cameras;
  readonly transports: Transports;
  readonly metrics: StreamMetrics;
  readonly log: FastifyBaseLogger;
}

interface Shelved extends OpenStream {
  readonly source: StreamSource;
  readonly watching: Subscription[];
  lastWatchedMs: number;
}

const LOOK_MS = 1_000;

/** Makes a shelf without streams. */
export function createStreamShelf(options: StreamShelfOptions): StreamShelf {
  const { settings, videos, encoders, cameras, transports, metrics, log } = options;
  const streams = new Map<string, Shelved>();
  const opening = sharedWork<Shelved>();
  let openings = 0;
  let isClosed = false;

  const make = async (id: string, spec: StreamSpec): Promise<Shelved> => {
    if (isClosed) throw new MillraceError("CLOSED", "The server is about to stop.");
    if (streams.size + openings >= settings.maxStreams) {
      throw new MillraceError(
        "OVERFLOW",
        `${streams.size} streams are open, the most that this server has: wait until one is not watched any more, end one, or raise its setting maxStreams.`,
        { retryable: true },
      );
    }
    openings += 1;
    try {
      const source = await openSource(spec, videos, cameras, log);
      if (isClosed) {
        source[Symbol.dispose]();
        throw new MillraceError("CLOSED", "The server is about to stop.");
      }
      const hub = createFrameHub(source.live, encoders.options);
      const whole = source.height + (source.height % 2);
      const rows = Math.min(spec.height ?? whole, whole);
      const publications = transports.publish(hub, rows, rows < source.height);
      const stats = new Map<TransportName, PublicationStats>();
      const stream: Shelved = {
        ...{ id, spec, title: source.title, sinceMs: Date.now(), hub, publications, stats, source },
        ...(source.camera && { camera: source.camera }),
        picture: { width: source.width, height: source.height },
        watching: Object.entries(publications).map(([name, publication]) =>
          publication.stats$.subscribe((one) => {
            stats.set(name as TransportName, one);
            metrics.note(id, name as TransportName, one);
          }),
        ),
        lastWatchedMs: performance.now(),
      };
      streams.set(id, stream);
      return stream;
    } finally {
      openings -= 1;
    }
  };
  const close = async (stream: Shelved): Promise<void> => {
    if (streams.get(stream.id) !== stream) return;
    streams.delete(stream.id);
    for (const subscription of stream.watching) subscription.unsubscribe();
    metrics.forget(stream.id);
    await Promise.all(Object.values(stream.publications).map((one) => one.close()));
    await stream.hub.close();
    stream.source[Symbol.dispose]();
  };
  const look = (): void => {
    const now = performance.now();
    for (const stream of streams.values()) {
      const viewers = [...stream.stats.values()].reduce((sum, one) => sum + one.viewers.length, 0);
      if (viewers > 0) stream.lastWatchedMs = now;
      const isIdle = now - stream.lastWatchedMs > settings.streamIdleMs;
      if (!isIdle && stream.source.isCurrent()) continue;
      close(stream).catch((error: unknown) => log.warn({ err: error, stream: stream.id }, "close"));
    }
  };
  const timer = setInterval(look, LOOK_MS).unref();

  return {
    list: () => [...streams.values()],
    get(id) {
      const found = streams.get(id);
      if (found) return found;
      throw new MillraceError(
        "NOT_FOUND",
        `There is no stream ${id.slice(0, 100)}: it was never opened, or nobody watched it for a while. Open it with POST /v1/streams.`,
      );
    },
    async open(spec) {
      const id = streamId(spec);
      const there = streams.get(id);
      if (there?.source.isCurrent()) {
        there.lastWatchedMs = performance.now();
        return { stream: there, isNew: false };
      }
      // Its video was replaced.
      if (there) await close(there);
      const stream = await opening.join(id, () => make(id, spec), new AbortController().signal);
      return { stream, isNew: true };
    },
    async close(id) {
      const stream = streams.get(id);
      if (stream) await close(stream);
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearInterval(timer);
      await Promise.all([...streams.values()].map(close));
    },
  };
}
