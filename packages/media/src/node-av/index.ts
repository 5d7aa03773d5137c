/**
 * Decodes in worker threads of this process, by FFmpeg through the package node-av.
 *
 * @packageDocumentation
 */
export { type NodeAv, type NodeAvOptions, nodeAv } from "./node-av.ts";
export type {
  NodeAvCodec,
  NodeAvCodecContext,
  NodeAvCodecParameters,
  NodeAvFrame,
  NodeAvLibrary,
  NodeAvPacket,
  NodeAvRational,
  NodeAvScaleContext,
} from "./node-av-library.ts";
