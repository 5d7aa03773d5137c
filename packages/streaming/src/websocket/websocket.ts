import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { MillraceError } from "@millrace/core";
import type { LiveData } from "@millrace/media";
import { filter, map, type Observable, share } from "rxjs";
import { answer } from "../http/answer.ts";
import { pageOrigins } from "../http/page-origins.ts";
import { refuseUpgrade } from "../http/refuse-upgrade.ts";
import type { FrameHub } from "../hub/frame-hub.ts";
import type { Rendition } from "../hub/rendition.ts";
import {
  type HelloMessage,
  readWishes,
  type SocketCodec,
  type SocketSound,
  type SocketWishes,
} from "../messages/socket-messages.ts";
import type { Publication, PublishOptions, Transport } from "../transport.ts";
import { createAdmission } from "../viewers/admission.ts";
import { createViewerList } from "../viewers/viewer-list.ts";
import { chooseRenditions, DEFAULT_RUNGS, type SocketRung } from "./choose-renditions.ts";
import { type WebsocketViewer, websocketViewer } from "./websocket-viewer.ts";
import { loadWsLibrary, type WsLibrary, type WsServer } from "./ws-library.ts";

/** What {@link websocket} may be told. */
export interface WebsocketOptions {
  /** The library. @defaultValue the package `ws`, which the application installs */
  readonly lib?: WsLibrary;
}

/** What {@link websocket} may be told for one publication. */
export interface WebsocketPublishOptions extends PublishOptions {
  /**
   * Sizes in which encoded video is sent, the best first: who cannot keep up is given the next one. Each is encoded only
   * while somebody watches it.
   *
   * @defaultValue 720 rows at 2 Mbit/s, 480 at 0.8, 270 at 0.3
   */
  readonly renditions?: readonly SocketRung[];
  /**
   * Frames that may be under way to a viewer, beside those that the road itself holds.
   *
   * @defaultValue `{ pictures: 2, chunks: 4 }`
   */
  readonly windows?: { readonly pictures: number; readonly chunks: number };
  /** Whether viewers show frames at once or let decoders take their time. @defaultValue `"realtime"` */
  readonly latencyMode?: "realtime" | "smooth";
  /** How long a viewer may acknowledge nothing, in milliseconds. @defaultValue 10,000 */
  readonly stallMs?: number;
  /** Renditions that may be made at once for those who watch. @defaultValue 12 */
  readonly maxRenditions?: number;
}

/** A stream that viewers come to over WebSockets. */
export interface WebsocketPublication extends Publication {
  upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
}

/** The transport that {@link websocket} makes. */
export interface WebsocketTransport extends Transport<WebsocketPublishOptions> {
  publish(hub: FrameHub, options?: WebsocketPublishOptions): WebsocketPublication;
}

const TICK_MS = 250;
/** An ack is fifty bytes. */
const MOST_MESSAGE_BYTES = 4_096;
/** An item of data that is longer helps no overlay, and holds up frames. */
const MOST_DATA_CHARS = 64 * 1024;

/**
 * Pictures, encoded video, sound and data over one WebSocket. Each frame is acknowledged, so that no buffer on the way
 * can fill up with old ones: what bounds the age of frames on slow roads.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { jpegTurbo } from "@millrace/media/jpeg-turbo";
 * import { createFrameHub, testPattern } from "@millrace/streaming";
 * import { websocket } from "@millrace/streaming/websocket";
 *
 * const hub = createFrameHub(testPattern({ width: 320, height: 180 }), { images: jpegTurbo() });
 * const publication = websocket().publish(hub);
 * const server = createServer();
 * server.on("upgrade", publication.upgrade);
 * server.listen(0, "127.0.0.1");
 * // In the page: playWebSocket({ url: "ws://…/live?codec=jpeg", canvas })
 * await publication.close();
 * await hub.close();
 * server.close();
 * ```
 */
export function websocket(options: WebsocketOptions = {}): WebsocketTransport {
  let loading: Promise<WsServer> | undefined;
  const server = async (): Promise<WsServer> => {
    loading ??= (async () => {
      const { WebSocketServer } = options.lib ?? (await loadWsLibrary());
      return new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: MOST_MESSAGE_BYTES,
      });
    })();
    return await loading;
  };
  return {
    apiVersion: 1,
    name: "websocket",
    publish: (hub, publish = {}) => createPublication(hub, server, publish),
  };
}

function createPublication(
  hub: FrameHub,
  server: () => Promise<WsServer>,
  options: WebsocketPublishOptions,
): WebsocketPublication {
  const {
    admission = createAdmission(),
    renditions = DEFAULT_RUNGS,
    windows = { pictures: 2, chunks: 4 },
    latencyMode = "realtime",
    stallMs = 10_000,
    maxRenditions = 12,
  } = options;
  const origins = pageOrigins("websocket", options.allowedOrigins);
  checkOptions(renditions, { ...windows, stallMs, maxRenditions });
  const list = createViewerList("websocket");
  const viewers = new Set<WebsocketViewer>();
  const data$ = dataTexts(hub.data$);
  let isClosed = false;
  let ticks: NodeJS.Timeout | undefined;

  const check = (wanted: readonly Rendition[], viewer?: WebsocketViewer): void => {
    const others = [...viewers].filter((one) => one !== viewer).flatMap(({ rungs }) => rungs);
    if (new Set([...others, ...wanted]).size <= maxRenditions) return;
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `${maxRenditions} renditions are watched, which is the most that may be made; ask for one of the usual sizes.`,
      { retryable: true },
    );
  };
  const hello = (): HelloMessage => ({
    type: "hello",
    version: 1,
    codecs: codecsOf(hub),
    sound: soundOf(hub),
    clock: { timestamp: hub.clock.now(), atMs: performance.timeOrigin + performance.now() },
    latencyMode,
  });
  const checkRequest = (request: IncomingMessage): SocketWishes | undefined => {
    if (isClosed) throw new MillraceError("CLOSED", "This stream is over.");
    const query = Object.fromEntries(new URL(request.url ?? "", "ws://host").searchParams);
    if (query["codec"] === undefined) return undefined;
    const wishes = readWishes(query);
    if (!wishes) {
      throw new MillraceError(
        "INVALID_OPTION",
        "codec is jpeg, h264 or vp8, audio is opus or pcm, and framerate, quality, width and height are numbers from 1 up.",
      );
    }
    // What cannot be had is said while there is a status to say it with.
    check(chooseRenditions(hub, wishes, renditions).rungs);
    if (wishes.audio === "opus") hub.sound("opus");
    return wishes;
  };
  const accept = async (
    request: IncomingMessage,
    socket: Duplex,
    head: Uint8Array,
  ): Promise<void> => {
    const wishes = checkRequest(request);
    socket.once("close", admission.takeSeat());
    const opened = await server();
    opened.handleUpgrade(request, socket, Buffer.from(head), (connection) => {
      const viewer = websocketViewer(connection, {
        hub,
        hello: hello(),
        ladder: renditions,
        windows,
        data$,
        stallMs,
        check,
      });
      viewers.add(viewer);
      list.add(viewer);
      if (viewers.size === 1) ticks = setInterval(tick, TICK_MS);
      socket.once("close", () => {
        viewers.delete(viewer);
        list.remove(viewer);
        if (viewers.size === 0) clearInterval(ticks);
      });
      if (isClosed) viewer.leave();
      else if (wishes) viewer.watch(wishes);
    });
  };
  const tick = (): void => {
    const nowMs = performance.now();
    for (const viewer of [...viewers]) viewer.tick(nowMs);
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    for (const viewer of [...viewers]) viewer.leave();
  };
  return {
    transport: "websocket",
    async handle(request, response) {
      request.resume();
      answer(
        response,
        426,
        { upgrade: "websocket", "content-type": "application/json; charset=utf-8" },
        JSON.stringify({
          code: "UNSUPPORTED",
          message: "This address speaks WebSocket only; open it with new WebSocket(…).",
        }),
      );
    },
    upgrade(request, socket, head) {
      // It may break while the library is being loaded.
      socket.on("error", () => {});
      const refusal = origins.refusalOf(request.headers);
      if (refusal) {
        refuseUpgrade(request, socket, refusal, 403);
        return;
      }
      accept(request, socket, head).catch((error: unknown) => {
        if (MillraceError.is(error) && error.code === "LIMIT_EXCEEDED") list.refused();
        refuseUpgrade(request, socket, error);
      });
    },
    viewers$: list.viewers$,
    stats$: list.stats$,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Data as messages, made once for all viewers. What JSON cannot hold is left out. */
function dataTexts(data$: Observable<LiveData>): Observable<string> {
  return data$.pipe(
    map(toText),
    filter((text) => text !== "" && text.length <= MOST_DATA_CHARS),
    share(),
  );
}

function toText({ kind, timestamp, value }: LiveData): string {
  try {
    return JSON.stringify({ type: "data", kind, timestamp, value });
  } catch {
    return "";
  }
}

function codecsOf(hub: FrameHub): readonly SocketCodec[] {
  if (!hub.hasVideo) return [];
  const encoded = (["h264", "vp8"] as const).filter((one) => hub.families.includes(one));
  return [...encoded, ...(canMake(() => hub.pictures()) ? (["jpeg"] as const) : [])];
}

function soundOf(hub: FrameHub): readonly SocketSound[] {
  if (!hub.hasSound) return [];
  return canMake(() => hub.sound("opus")) ? ["opus", "pcm"] : ["pcm"];
}

function canMake(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}

function checkOptions(
  renditions: readonly SocketRung[],
  numbers: Readonly<Record<string, number>>,
): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new MillraceError(
      "INVALID_OPTION",
      `websocket: ${name} is ${value}; give a whole number from 1 up.`,
    );
  }
  const isRung = ({ height, bitrate }: SocketRung): boolean => height >= 2 && bitrate > 0;
  if (renditions.length > 0 && renditions.every(isRung)) return;
  throw new MillraceError(
    "INVALID_OPTION",
    "websocket: renditions must be a list of at least one { height, bitrate }, both above 0.",
  );
}
