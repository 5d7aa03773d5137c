/**
 * Live pictures and sound to many viewers: a hub that encodes once, and the transports that carry what it makes.
 *
 * @packageDocumentation
 */
export type {
  CameraDevice,
  CameraProtocol,
  CameraSourceOptions,
  ReconnectOptions,
} from "./camera/camera-options.ts";
export { type CameraSource, type CameraState, cameraSource } from "./camera/camera-source.ts";
export type { EncodedFrame, EncodedSound } from "./hub/encoded-frame.ts";
export {
  createFrameHub,
  type FrameHub,
  type FrameHubOptions,
  type FrameHubStats,
} from "./hub/frame-hub.ts";
export type { PictureSpec, Rendition, VideoRendition, VideoSpec } from "./hub/rendition.ts";
export type { SoundRendition } from "./hub/sound-rendition.ts";
export { type FrameComment, readFrameComment, writeFrameComment } from "./mjpeg/frame-comment.ts";
export { mjpeg } from "./mjpeg/mjpeg.ts";
export type { MjpegPublishOptions } from "./mjpeg/mjpeg-options.ts";
export { type TestPatternOptions, testPattern } from "./pattern/test-pattern.ts";
export type { Publication, PublicationStats, PublishOptions, Transport } from "./transport.ts";
export { type Admission, type AdmissionOptions, createAdmission } from "./viewers/admission.ts";
export type { Viewer, ViewerState, ViewerStats } from "./viewers/viewer.ts";
