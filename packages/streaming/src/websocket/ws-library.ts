import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { MillraceError } from "@millrace/core";

/** What is used of a connection of `ws`. */
export interface WsSocket {
  /** 1 while messages can be sent. */
  readonly readyState: number;
  /** Bytes that wait in this process to be sent. */
  readonly bufferedAmount: number;
  /** Sends a message; a string as text. The callback comes when its last byte was handed to the system. */
  send(message: Uint8Array | string, done: (error?: Error) => void): void;
  /** Asks for a `pong`. */
  ping(): void;
  /** Ends it in order. */
  close(code: number, reason: string): void;
  /** Cuts it off. */
  terminate(): void;
  /** Listens to `message`, `pong`, `close` and `error`. */
  on(event: string, listener: (...args: never[]) => void): unknown;
}

/** What is used of a server of `ws`. */
export interface WsServer {
  /** Answers the handshake, and refuses what is none. */
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (socket: WsSocket) => void,
  ): void;
}

/** The part of the package `ws` that is used. */
export interface WsLibrary {
  readonly WebSocketServer: {
    /** Makes one. */
    new (options: {
      noServer: true;
      clientTracking: false;
      perMessageDeflate: false;
      maxPayload: number;
    }): WsServer;
  };
}

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadWsLibrary(): Promise<WsLibrary> {
  try {
    const { WebSocketServer } = await import("ws");
    return { WebSocketServer: WebSocketServer as never };
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "websocket: the package ws cannot be loaded; install it: npm install ws@^8.23.0",
      { cause },
    );
  }
}
