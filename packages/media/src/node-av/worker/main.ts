/** The program of a worker of the node-av driver: decoders and encoders by number, one request after another. */
import { parentPort, workerData } from "node:worker_threads";
import type { NodeAvLibrary } from "../node-av-library.ts";
import type {
  Answers,
  FromWorker,
  Request,
  ToWorker,
  WireFailure,
  WorkerStart,
} from "../protocol.ts";
import { type AudioEncoderSession, audioEncoderSession } from "./audio-encoder-session.ts";
import { type DecoderSession, decoderSession } from "./decoder-session.ts";
import { frameMemory } from "./frame-memory.ts";
import { type ScaleSession, scaleSession } from "./scale-session.ts";
import { type VideoEncoderSession, videoEncoderSession } from "./video-encoder-session.ts";
import { WorkerFailure } from "./worker-failure.ts";

const start = workerData as WorkerStart;
const memory = frameMemory(start.spareBytes);
const decoders = new Map<number, DecoderSession>();
const videoEncoders = new Map<number, VideoEncoderSession>();
const audioEncoders = new Map<number, AudioEncoderSession>();
let opened = 0;
let scaling: ScaleSession | undefined;
let library: Promise<NodeAvLibrary> | undefined;

/** `AV_LOG_QUIET`: what a library prints is the application's business. */
const QUIET = -8;

async function load(): Promise<NodeAvLibrary> {
  try {
    const loaded = (await (start.library === undefined
      ? import("node-av/lib")
      : import(start.library))) as NodeAvLibrary;
    loaded.Log.setLevel(QUIET);
    return loaded;
  } catch (error) {
    throw new WorkerFailure(
      "MISSING_DEPENDENCY",
      // What to do comes first: some who tell it to others have room for a line.
      `node-av: the package node-av cannot be loaded; install it: npm install node-av@^6.1.1 (${String(error)})`,
    );
  }
}

function tenant<T>(tenants: ReadonlyMap<number, T>, number: number): T {
  const found = tenants.get(number);
  if (!found) throw new WorkerFailure("CLOSED", "node-av: the decoder or encoder is closed.");
  return found;
}

async function answer(request: Request): Promise<Answers[keyof Answers]> {
  library ??= load();
  const loaded = await library;
  switch (request.kind) {
    case "check":
      return null;
    case "open": {
      opened += 1;
      decoders.set(opened, decoderSession(loaded, memory, request));
      return opened;
    }
    case "decode":
      return tenant(decoders, request.decoder).decode(request);
    case "scale":
      scaling ??= scaleSession(loaded, memory);
      return scaling.scale(request);
    case "tensor":
      scaling ??= scaleSession(loaded, memory);
      return scaling.tensor(request);
    case "reset":
      tenant(decoders, request.decoder).reset();
      return null;
    case "open-video-encoder": {
      opened += 1;
      scaling ??= scaleSession(loaded, memory);
      videoEncoders.set(opened, videoEncoderSession(loaded, scaling, request));
      return opened;
    }
    case "encode-video":
      return tenant(videoEncoders, request.encoder).encode(request);
    case "set-bitrate":
      tenant(videoEncoders, request.encoder).setBitrate(request.bitrate);
      return null;
    case "flush-video":
      return tenant(videoEncoders, request.encoder).flush();
    case "open-audio-encoder": {
      opened += 1;
      const session = audioEncoderSession(loaded, request);
      audioEncoders.set(opened, session);
      return { encoder: opened, description: session.description };
    }
    case "encode-audio":
      return tenant(audioEncoders, request.encoder).encode(request.samples);
    case "flush-audio":
      return tenant(audioEncoders, request.encoder).flush();
    case "close":
      for (const tenants of [decoders, videoEncoders, audioEncoders]) {
        tenants.get(request.number)?.close();
        tenants.delete(request.number);
      }
      return null;
  }
}

function failure(error: unknown): WireFailure {
  if (error instanceof WorkerFailure) return { code: error.code, message: error.message };
  return {
    code: "INTERNAL",
    message: `node-av: ${error instanceof Error ? error.message : String(error)}`,
  };
}

const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, transfer);

function leave(): never {
  for (const tenants of [decoders, videoEncoders, audioEncoders]) {
    for (const tenant of tenants.values()) tenant.close();
  }
  // The library's own threads and handles would keep it.
  process.exit();
}

// One after another: the first request waits for the library, and what was sent behind it must not overtake it.
let isEnding = false;
let last: Promise<void> = Promise.resolve();
parentPort?.on("message", (message: ToWorker) => {
  if (message.kind === "recycle") {
    memory.give(message.memory);
    return;
  }
  if (message.kind === "end") {
    isEnding = true;
    last = last.then(leave);
    return;
  }
  const { id } = message;
  last = last.then(() => {
    if (isEnding) return;
    return answer(message).then(
      (value) =>
        post({ id, value }, value instanceof Float32Array ? [value.buffer as ArrayBuffer] : []),
      (error: unknown) => post({ id, failure: failure(error) }),
    );
  });
});
