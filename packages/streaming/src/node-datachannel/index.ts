/**
 * Peers of WebRTC by libdatachannel, through the package node-datachannel.
 *
 * @packageDocumentation
 */
export { type NodeDataChannelOptions, nodeDataChannel } from "./node-datachannel.ts";
export type { NodeDataChannelLibrary } from "./node-datachannel-library.ts";
