/**
 * The conformance suite for inference backends, and small ONNX models with known answers.
 *
 * The suite needs Vitest (an optional peer dependency).
 *
 * @packageDocumentation
 */
export { type AffineModelOptions, affineModel } from "./affine-model.ts";
export { type ColourDetectorOptions, colourDetectorModel } from "./colour-detector-model.ts";
export { type ConvolutionModelOptions, convolutionModel } from "./convolution-model.ts";
export {
  type BackendExample,
  type DescribeBackendOptions,
  describeBackend,
} from "./describe-backend.ts";
export { type FakeDevice, type FakeDeviceOptions, fakeDevice } from "./fake-device.ts";
export {
  type OnnxAttribute,
  type OnnxModelOptions,
  type OnnxNode,
  type OnnxValue,
  onnxModel,
} from "./onnx-model.ts";
export { type VirtualClock, virtualClock } from "./virtual-clock.ts";
