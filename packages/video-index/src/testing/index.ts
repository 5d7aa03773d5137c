/**
 * Clips whose frames carry their number in their pixels, and what reads it.
 *
 * @packageDocumentation
 */
export { BARCODE_BITS, BARCODE_CELL, readBarcode } from "./barcode.ts";
export { CLIPS, type Clip, type UnreadableClip } from "./clip-list.ts";
export { type ClipFolder, makeClips } from "./make-clips.ts";
