/**
 * Models run by TensorFlow.js.
 *
 * @packageDocumentation
 */
export { type TfjsBackend, type TfjsFunction, type TfjsOptions, tfjs } from "./tfjs.ts";
export type { TfjsLibrary, TfjsModel, TfjsTensor, TfjsTensorInfo } from "./tfjs-library.ts";
export type { NamedTfjsTensors } from "./tfjs-session.ts";
