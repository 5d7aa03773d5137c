import type { WorkerFailure } from "./worker-messages.ts";

/** What ONNX Runtime 1.30 says, and what that means to a caller. The first that fits counts. */
const MEANINGS: readonly (readonly [RegExp, WorkerFailure["code"], string])[] = [
  [/File doesn't exist/, "NOT_FOUND", "The model is not there"],
  [
    /not a registered function\/op|No Op registered|NOT_IMPLEMENTED|Could not find an implementation|is under development and support/i,
    "UNSUPPORTED",
    "The runtime lacks an operator of this model; export it for another opset",
  ],
  [
    /Got invalid dimensions|Unexpected input data type|invalid (rank|shape)|Output tensor .*(shape|type)|pre-?allocated|OrtValue shape/i,
    "INVALID_OPTION",
    "The shapes do not fit the model",
  ],
  [
    /protobuf parsing failed|Model data pointer|invalid model|ModelProto|Invalid (graph|protobuf)|Load model .* failed|Type Error|Node .* is not output of any previous nodes/i,
    "CORRUPT_INPUT",
    "The model cannot be read; export it again",
  ],
];

/** A failure of the runtime, in our terms. */
export function onnxFailure(error: unknown, doing: string): WorkerFailure {
  if (isWorkerFailure(error)) return error;
  const said = error instanceof Error ? error.message : String(error);
  const text = said.replace(/\s+/g, " ").trim();
  for (const [pattern, code, meaning] of MEANINGS) {
    if (pattern.test(text)) return { code, message: `onnx: ${meaning}: ${text}` };
  }
  return { code: "INTERNAL", message: `onnx: ${doing} failed: ${text}` };
}

function isWorkerFailure(error: unknown): error is WorkerFailure {
  return (
    typeof error === "object" && error !== null && !(error instanceof Error) && "code" in error
  );
}
