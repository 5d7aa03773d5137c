/**
 * Peers of WebRTC in TypeScript, by the package werift.
 *
 * @packageDocumentation
 */
export { type WeriftOptions, werift } from "./werift.ts";
export type { WeriftLibrary } from "./werift-library.ts";
