/**
 * Peers of WebRTC in TypeScript, by the package werift.
 *
 * @packageDocumentation
 */
export {};
