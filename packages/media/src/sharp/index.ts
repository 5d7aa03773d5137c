/**
 * Still pictures by sharp.
 *
 * @packageDocumentation
 */
export { type SharpImagesOptions, sharpImages } from "./sharp-images.ts";
export type { SharpLibrary, SharpPicture } from "./sharp-library.ts";
