/**
 * Models behind one contract: tensors, backends, sessions, and a batcher that knows deadlines.
 *
 * @packageDocumentation
 */

export type { Batcher } from "./batcher/batcher.ts";
export type { BatcherClock } from "./batcher/batcher-clock.ts";
export type {
  BatchContext,
  BatcherKnobs,
  BatcherOptions,
  SubmitOptions,
} from "./batcher/batcher-options.ts";
export type {
  BatcherStats,
  BucketStats,
} from "./batcher/batcher-stats.ts";
export type { BatchCost } from "./batcher/cost-model.ts";
export { createBatcher } from "./batcher/create-batcher.ts";
export type { Histogram } from "./batcher/histogram.ts";
export { type AxisSizes, checkFeeds } from "./check-feeds.ts";
export { fillOutputs } from "./fill-outputs.ts";
export type {
  InferenceBackend,
  InferenceCapabilities,
  InferenceDevice,
  InferenceRunOptions,
  InferenceSession,
  LoadModelOptions,
  ModelSource,
  NamedTensors,
  TensorSpec,
} from "./inference-backend.ts";
export { elementCount, type Tensor, type TensorData, type TensorType, tensor } from "./tensor.ts";
export { warmUp } from "./warm-up.ts";
