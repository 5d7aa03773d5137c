/**
 * Decodes in worker threads of this process, by FFmpeg through the package node-av.
 *
 * @packageDocumentation
 */
export { type NodeAv, type NodeAvOptions, nodeAv } from "./node-av.ts";
