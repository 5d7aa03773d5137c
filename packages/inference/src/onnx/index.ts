/**
 * Models of the ONNX format, run by `onnxruntime-node` in worker threads.
 *
 * @packageDocumentation
 */
export { onnx } from "./onnx.ts";
export type { OnnxOptions, ProviderOption } from "./onnx-options.ts";
