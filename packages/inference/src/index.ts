/**
 * Models behind one contract: tensors, backends, sessions, and a batcher that knows deadlines.
 *
 * @packageDocumentation
 */
export { type AxisSizes, checkFeeds } from "./check-feeds.ts";
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
