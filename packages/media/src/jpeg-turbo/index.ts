/**
 * JPEG by libjpeg-turbo.
 *
 * @packageDocumentation
 */
export { type JpegTurboOptions, jpegTurbo } from "./jpeg-turbo.ts";
export type { JpegTurboLibrary, JpegTurboPicture } from "./jpeg-turbo-library.ts";
