/**
 * Conformance suites for drivers, to be run with vitest, and what finds frames that were never closed.
 *
 * @packageDocumentation
 */
export { type Clip, readClip } from "./clip.ts";
export { describeDecoder } from "./describe-decoder.ts";
export { describeFrameScaler } from "./describe-frame-scaler.ts";
export { describeImageEncoder } from "./describe-image-encoder.ts";
export { describeMuxer, type MuxerEncoders } from "./describe-muxer.ts";
export { describeVideoEncoder } from "./describe-video-encoder.ts";
export { expectNoOpenFrames } from "./expect-no-open-frames.ts";
export { type Color, type SolidFrameOptions, solidFrame } from "./solid-frame.ts";
export { readPatternNumber, type TestPatternOptions, testPattern } from "./test-pattern.ts";
