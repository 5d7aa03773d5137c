/**
 * Peers of WebRTC in native code, by the package node-datachannel.
 *
 * @packageDocumentation
 */
export {};
