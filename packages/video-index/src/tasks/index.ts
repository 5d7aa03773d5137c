/**
 * Models over the frames of a video: what is seen, who is who, and how many there are.
 *
 * @packageDocumentation
 */
export type { BoxAnchor } from "./count/box-anchor.ts";
export type { ClassCounts } from "./count/class-tally.ts";
export { type CountOptions, count } from "./count/count.ts";
export type { CountEvent, LineCrossEvent, ZoneEvent } from "./count/count-event.ts";
export { type Counter, type CounterOptions, type Counts, createCounter } from "./count/counter.ts";
export { exponentialAverage } from "./count/exponential-average.ts";
export type { CountLine, LineCount } from "./count/line-counter.ts";
export { type TrimmedMedianOptions, trimmedMedian } from "./count/trimmed-median.ts";
export type { CountZone, ZoneCount } from "./count/zone-counter.ts";
export { boxOverlap } from "./detect/box-overlap.ts";
export { type YoloCandidates, type YoloDecoder, yoloDecoder } from "./detect/decode-yolo.ts";
export { type DetectOptions, detect } from "./detect/detect.ts";
export { className, type Detection, type Detections, eachDetection } from "./detect/detections.ts";
export {
  type Candidates,
  nonMaximumSuppression,
  type SuppressionOptions,
} from "./detect/non-maximum-suppression.ts";
export {
  type YoloLayout,
  type YoloShape,
  type YoloShapeHints,
  yoloShape,
} from "./detect/yolo-layout.ts";
export type { YoloOptions } from "./detect/yolo-reader.ts";
export { type Canvas, type Color, frameCanvas } from "./draw/canvas.ts";
export { drawCounts } from "./draw/draw-counts.ts";
export { drawDetections } from "./draw/draw-detections.ts";
export { drawSegments } from "./draw/draw-segments.ts";
export { drawText, type TextStyle, textSize } from "./draw/draw-text.ts";
export { drawTracks } from "./draw/draw-tracks.ts";
export { contrastColor, labelColor } from "./draw/label-color.ts";
export {
  drawLine,
  drawPolygon,
  fillRectangle,
  type Point,
  strokeRectangle,
} from "./draw/shapes.ts";
export { type CocoOptions, cocoJson } from "./export/coco-json.ts";
export { type CountSample, countSamples } from "./export/count-samples.ts";
export { detectionLines } from "./export/detection-lines.ts";
export { type DetectionSeriesOptions, detectionSeries } from "./export/detection-series.ts";
export { type ImageInput, imageInput } from "./image-input.ts";
export type {
  ImagePlacement,
  InferenceTask,
  InputPolicy,
  TaskContext,
  TaskStream,
} from "./inference-task.ts";
export { type ModelMetadata, readModelMetadata } from "./model-metadata.ts";
export { type BatchedSession, batchedSession } from "./run/batched-session.ts";
export { type RunTaskOptions, runTask } from "./run/run-task.ts";
export type { TaskItem } from "./run/task-item.ts";
export { type InstanceMask, maskArea } from "./segment/instance-mask.ts";
export { type MaskPolygon, maskPolygons } from "./segment/mask-polygons.ts";
export { type SegmentOptions, type Segments, segment } from "./segment/segment.ts";
export { assign } from "./track/assign.ts";
export { type TrackOptions, track } from "./track/track.ts";
export {
  createTracker,
  type FrameSize,
  type Tracker,
  type TrackerOptions,
} from "./track/tracker.ts";
export type { Tracks } from "./track/tracks.ts";
