import { get, type IncomingMessage } from "node:http";
import type { TestViewer } from "../src/testing/index.ts";
import { jpegMarks } from "./jpeg-marks.ts";
import { type MultipartPart, multipartReader } from "./multipart-parts.ts";

/** A program that reads an MJPEG stream. */
export interface MjpegClient extends TestViewer {
  readonly response: IncomingMessage;
  readonly parts: readonly MultipartPart[];
  readonly isTerminated: boolean;
}

/** Comes to a stream; rejects when it is refused, with the status and what was said. Numbers are read from pixels. */
export function mjpegClient(
  url: string,
  read: { readonly keepParts?: boolean; readonly isPaused?: boolean } = {},
): Promise<MjpegClient> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false }, (response) => {
      response.on("error", () => {});
      const boundary = /boundary=(\S+)/.exec(response.headers["content-type"] ?? "")?.[1];
      if (response.statusCode !== 200 || !boundary) {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.on("end", () =>
          reject(new Error(`${response.statusCode} ${Buffer.concat(pieces).toString()}`)),
        );
        return;
      }
      const reader = multipartReader(boundary);
      const numbers: number[] = [];
      const parts: MultipartPart[] = [];
      const ended = new Promise<void>((done) => response.once("close", done));
      if (!read.isPaused) {
        response.on("data", (piece: Buffer) => {
          for (const part of reader.push(piece)) {
            if (read.keepParts) parts.push(part);
            if (part.body.length === 0) continue;
            const number = jpegMarks(part.body)?.number ?? -1;
            // The last picture of a stream comes twice, and so does one that stands still.
            if (numbers.at(-1) !== number) numbers.push(number);
          }
        });
      }
      resolve({
        response,
        numbers,
        parts,
        ended,
        get isTerminated() {
          return reader.isEnded;
        },
        async leave() {
          asked.destroy();
          await ended;
        },
      });
    });
    asked.on("error", reject);
  });
}
