/**
 * Models on a server that speaks the open inference protocol, KServe v2, by HTTP.
 *
 * @packageDocumentation
 */
export { kserve } from "./kserve.ts";
export type { KserveOptions } from "./kserve-options.ts";
