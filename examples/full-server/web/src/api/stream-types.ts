/** Ways by which a stream comes. */
export type TransportName = "webrtc" | "websocket" | "mjpeg";

/** What a stream is asked to be. */
export interface StreamWish {
  readonly source: "video" | "pattern";
  /** Of a video. */
  readonly video?: string;
  readonly fps?: number;
  /** Rows at most. */
  readonly height?: number;
  readonly inference?: boolean;
}

/** A stream that is open. */
export interface Stream {
  readonly id: string;
  readonly title: string;
  /** Pixels that boxes are told in. */
  readonly picture: { readonly width: number; readonly height: number };
  /** The server's clock when it answered. */
  readonly nowMs: number;
  readonly hasSound: boolean;
  readonly urls: Readonly<Record<string, string>>;
}

/** What the server can send, and how. */
export interface StreamList {
  readonly transports: Readonly<
    Record<TransportName, { readonly available: boolean; readonly install?: string }>
  >;
  readonly hasModel: boolean;
}
