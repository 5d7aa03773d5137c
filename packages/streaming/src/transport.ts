import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Observable } from "rxjs";
import type { FrameHub } from "./hub/frame-hub.ts";
import type { Admission } from "./viewers/admission.ts";
import type { Viewer, ViewerStats } from "./viewers/viewer.ts";

/** What a {@link Transport} is told about one publication. Each transport has more of its own. */
export interface PublishOptions {
  /** Who may come in, shared with the publications that have one limit with this one. @defaultValue its own */
  readonly admission?: Admission;
  /**
   * Origins of other pages that may come, such as `"https://example.org"`, or `"*"` for all. Pages of the host that is
   * asked may anyway; those of others are refused, also where they could do without reading the answer, since browsers
   * let any page ask any address, such as one that only this machine reaches. What names no origin is let in: programs,
   * and an `<img>` without `crossorigin`. @defaultValue none
   */
  readonly allowedOrigins?: readonly string[] | "*";
}

/** A way by which a live stream reaches viewers, as a plugin. */
export interface Transport<
  Options extends PublishOptions = PublishOptions,
  Published extends Publication = Publication,
> {
  /** Version of this contract. */
  readonly apiVersion: 1;
  readonly name: string;
  /**
   * Makes a stream available; nothing is encoded until somebody watches. The hub stays its owner's, and several
   * transports may publish one hub: what they have in common is encoded once.
   *
   * @throws MillraceError INVALID_OPTION for an option that cannot be, CLOSED when the hub is closed
   */
  publish(hub: FrameHub, options?: Options): Published;
}

/** A stream that viewers can come to. The application routes their requests to it. */
export interface Publication extends AsyncDisposable {
  /** Name of the transport. */
  readonly transport: string;
  /**
   * Answers an HTTP request, whatever becomes of it: errors are answered with a status and `{ code, message }`, and
   * never thrown. Settles when the answer has begun, or has ended where it is short.
   *
   * @param path - what comes after the address of the publication, such as `""` or `"/snapshot.jpg"`; without it,
   *   the last part of the request's path is looked at
   */
  handle(request: IncomingMessage, response: ServerResponse, path?: string): Promise<void>;
  /** Takes over a connection that asks to be upgraded; absent where the transport has no use for one. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
  /** Who watches now; gives the present ones at once, then at every coming and going. */
  readonly viewers$: Observable<readonly Viewer[]>;
  /** How each viewer is doing, every second. */
  readonly stats$: Observable<PublicationStats>;
  /** Sends every viewer away with an orderly end. Closing twice does nothing. */
  close(): Promise<void>;
}

/** How a {@link Publication} is doing. */
export interface PublicationStats {
  readonly transport: string;
  readonly viewers: readonly ViewerStats[];
  /** Since the beginning, of viewers that have left too. */
  readonly framesSent: number;
  readonly framesDropped: number;
  readonly bytesSent: number;
  readonly viewersTotal: number;
  /** Who was sent away at the door because it was full. */
  readonly viewersRefused: number;
}
