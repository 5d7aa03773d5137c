import { WebSocket } from "ws";
import { type FrameHeader, readFrameMessage } from "../src/messages/frame-message.ts";
import { readServerMessage, type ServerMessage } from "../src/messages/socket-messages.ts";

/** A viewer without a browser. */
export interface SocketClient {
  readonly socket: WebSocket;
  readonly frames: (FrameHeader & { readonly sizeBytes: number })[];
  readonly messages: ServerMessage[];
  /** What was said at the end. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Settles when so many frames have come. */
  until(frames: number): Promise<void>;
}

/** Opens a connection and acknowledges what comes, after `ackMs`; with null, nothing. */
export async function openSocket(url: string, ackMs: number | null = 0): Promise<SocketClient> {
  const socket = new WebSocket(url);
  const frames: SocketClient["frames"] = [];
  const messages: ServerMessage[] = [];
  const waiting: { readonly frames: number; readonly done: () => void }[] = [];
  const closed = Promise.withResolvers<{ readonly code: number; readonly reason: string }>();
  const say = (sequence: number): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ type: "ack", sequence, agoMs: 0 }));
  };
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (!isBinary) {
      const message = readServerMessage(data.toString());
      if (message) messages.push(message);
      return;
    }
    const read = readFrameMessage(data);
    if (!read) throw new Error("this is no frame");
    if (read.header.kind === "sound") return;
    frames.push({ ...read.header, sizeBytes: data.length });
    if (ackMs === 0) say(read.header.sequence);
    else if (ackMs !== null) setTimeout(say, ackMs, read.header.sequence);
    for (const one of waiting) if (frames.length >= one.frames) one.done();
  });
  socket.on("close", (code, reason) => closed.resolve({ code, reason: reason.toString() }));
  await new Promise<void>((done, failed) => {
    socket.once("open", done);
    socket.once("error", failed);
  });
  socket.on("error", () => {});
  return {
    socket,
    frames,
    messages,
    closed: closed.promise,
    until: (count) =>
      new Promise((done, failed) => {
        if (frames.length >= count) done();
        else waiting.push({ frames: count, done });
        void closed.promise.then(({ code, reason }) => failed(new Error(`${code} ${reason}`)));
      }),
  };
}

/** The status that a handshake was answered with, and what stood in it. */
export async function refusedHandshake(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfter: string | undefined;
}> {
  const socket = new WebSocket(url, { headers });
  return await new Promise((done, failed) => {
    socket.on("open", () => failed(new Error("it was accepted")));
    socket.on("error", failed);
    socket.on("unexpected-response", (_, response) => {
      let text = "";
      response.on("data", (piece: Buffer) => {
        text += piece.toString();
      });
      response.on("end", () =>
        done({
          status: response.statusCode ?? 0,
          code: JSON.parse(text).code,
          message: JSON.parse(text).message,
          retryAfter: response.headers["retry-after"],
        }),
      );
    });
  });
}
