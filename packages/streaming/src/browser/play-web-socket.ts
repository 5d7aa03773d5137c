import { MillraceError } from "@millrace/core/web";
import { type FrameHeader, readFrameMessage } from "../messages/frame-message.ts";
import {
  type HelloMessage,
  readServerMessage,
  type ServerMessage,
  type SocketCodec,
  type SocketWishes,
  type ViewerMessage,
} from "../messages/socket-messages.ts";
import { type ChunkDecoder, createChunkDecoder } from "./chunk-decoder.ts";
import { type ConnectionEnd, keepConnected } from "./keep-connected.ts";
import { type PageAudio, type PageCanvas, page } from "./page.ts";
import { createPicturePainter } from "./picture-painter.ts";
import type { Player, PlayerOptions } from "./player.ts";
import { createPlayerCore } from "./player-core.ts";
import { createSoundPlayer, type SoundPlayer } from "./sound-player.ts";
import { supportedTransports } from "./supported-transports.ts";

/** What {@link playWebSocket} is told. */
export interface PlayWebSocketOptions
  extends PlayerOptions,
    Pick<SocketWishes, "framerate" | "quality" | "width" | "height"> {
  /** Of the publication; `http` and `https` are taken for `ws` and `wss`, and one without a host is of the page. */
  readonly url: string | URL;
  readonly canvas: PageCanvas;
  /** @defaultValue the first that both sides can: H.264, VP8, JPEG */
  readonly codec?: SocketCodec;
  /** Whether to hear it too, or the context to hear it with: one that was made in a click may sound at once. */
  readonly audio?: boolean | PageAudio;
}

/** Ends that trying again does not help against: RFC 6455, 7.4.1. */
const FINAL_CODES = new Set([1002, 1003, 1007, 1008, 1009]);
const OVER_CODE = 1000;

/**
 * Plays a stream of `websocket` on a canvas: JPEGs, or H.264 and VP8 over WebCodecs. Each frame is drawn as soon as it is
 * decoded, and acknowledged then, so that the server sends as much as this page can show and no more.
 *
 * @example
 * ```ts no-run
 * import { playWebSocket } from "@millrace/streaming/browser";
 *
 * const player = playWebSocket({
 *   url: "/live/ws",
 *   canvas: document.querySelector("canvas")!,
 *   onStats: ({ fps, frameAgeMs }) => console.log(fps, frameAgeMs),
 * });
 * player.close();
 * ```
 * @throws MillraceError MISSING_DEPENDENCY when there is no WebSocket here
 */
export function playWebSocket(options: PlayWebSocketOptions): Player {
  const { canvas, audio = false, maxAttempts = Number.POSITIVE_INFINITY } = options;
  if (typeof WebSocket === "undefined") {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "There is no WebSocket here; use a later browser.",
    );
  }
  const core = createPlayerCore(options);
  const leaving = new AbortController();
  const sound: SoundPlayer | undefined =
    audio === false ? undefined : createSoundPlayer(audio === true ? undefined : audio);

  const connect = (signal: AbortSignal): Promise<ConnectionEnd> =>
    new Promise((ended) => {
      const socket = new WebSocket(socketUrl(options.url));
      socket.binaryType = "arraybuffer";
      const say = (message: ViewerMessage): void => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
      };
      let last = -1;
      let decoder: ChunkDecoder | undefined;
      let wishes: SocketWishes | undefined;
      // An ack is for all frames before it too, so that one which is left out between two needs none.
      const shown = (header: FrameHeader): void => {
        say({ type: "ack", sequence: header.sequence, agoMs: 0 });
        core.shown(header);
      };
      const dropped = ({ sequence }: FrameHeader): void => {
        say({ type: "ack", sequence });
        core.dropped();
      };
      const painter = createPicturePainter<FrameHeader>({ canvas }, shown, dropped);

      const greet = async (hello: HelloMessage): Promise<void> => {
        const nowMs = performance.timeOrigin + performance.now();
        // Too small by the time on the way, which nothing tells; ages are too small by as much.
        if (options.clockOffsetMs === undefined) core.clockOffsetMs = hello.clock.atMs - nowMs;
        const codec = options.codec ?? (await chooseCodec(hello));
        const { opus } = (await supportedTransports()).webSocket;
        const heard = hello.sound.find((one) => one === "pcm" || opus);
        decoder = createChunkDecoder(canvas, hello.latencyMode === "realtime", {
          shown,
          dropped,
          lost: () => wishes && say({ type: "watch", ...wishes }),
        });
        wishes = {
          codec,
          ...given(options, ["framerate", "quality", "width", "height"]),
          ...(sound && heard && { audio: heard }),
        };
        say({ type: "watch", ...wishes });
      };
      const read = (message: ServerMessage | undefined): void => {
        if (message?.type === "hello") void greet(message);
        else if (message?.type === "video") decoder?.configure(message);
        else if (message?.type === "sound") sound?.configure(message);
        else if (message) {
          const { kind, timestamp, value } = message;
          core.data({ kind, timestamp, value });
        }
      };
      const take = (message: Uint8Array<ArrayBuffer>): void => {
        core.came(message.length);
        const { header, payload } = readFrameMessage(message) ?? {};
        if (!header || !payload) return;
        if (header.kind === "sound") {
          sound?.put(header.timestamp, payload);
          return;
        }
        if (header.sequence <= last) return;
        last = header.sequence;
        core.numbered(last);
        if (header.kind === "picture") painter.put(header, payload as Uint8Array<ArrayBuffer>);
        else decoder?.put(header, payload);
      };
      socket.onmessage = ({ data }: { readonly data: unknown }) => {
        if (typeof data === "string") read(readServerMessage(data));
        else take(new Uint8Array(data as ArrayBuffer));
      };
      const leave = (): void => socket.close(OVER_CODE);
      socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
        signal.removeEventListener("abort", leave);
        painter.close();
        decoder?.close();
        const kind = code === OVER_CODE ? "over" : FINAL_CODES.has(code) ? "never" : "again";
        ended({ kind, reason: reason || `the connection ended with ${code}` });
      };
      signal.addEventListener("abort", leave);
      if (signal.aborted) leave();
    });
  void keepConnected(core, leaving.signal, maxAttempts, connect);
  return {
    get state() {
      return core.state;
    },
    stats: core.stats,
    close() {
      core.set("closed", "closed by the page");
      leaving.abort();
      sound?.close();
    },
  };
}

async function chooseCodec({ codecs }: HelloMessage): Promise<SocketCodec> {
  const { webSocket } = await supportedTransports();
  // With none in common the server says so better than we can.
  return codecs.find((one) => webSocket[one]) ?? codecs[0] ?? "jpeg";
}

function socketUrl(url: string | URL): URL {
  const whole = new URL(url, page().location?.href);
  whole.protocol = whole.protocol.replace(/^http/, "ws");
  return whole;
}

function given<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]),
  ) as Pick<T, K>;
}
