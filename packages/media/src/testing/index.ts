/**
 * Conformance suites for drivers, to be run with vitest, and what finds frames that were never closed.
 *
 * @packageDocumentation
 */
export { describeDecoder } from "./describe-decoder.ts";
export { describeFrameScaler } from "./describe-frame-scaler.ts";
export { describeImageEncoder } from "./describe-image-encoder.ts";
export { describeVideoEncoder } from "./describe-video-encoder.ts";
export { expectNoOpenFrames } from "./expect-no-open-frames.ts";
export { type Color, type SolidFrameOptions, solidFrame } from "./solid-frame.ts";
export { readPatternNumber, type TestPatternOptions, testPattern } from "./test-pattern.ts";
