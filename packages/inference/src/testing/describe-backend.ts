import { describe, it } from "vitest";
import type { InferenceBackend, ModelSource, NamedTensors } from "../inference-backend.ts";
import { backendChecks } from "./backend-checks.ts";

/** One run of a model, with its right answer. */
export interface BackendExample {
  readonly feeds: NamedTensors;
  /** Worked out by other means than the backend. */
  readonly expected: NamedTensors;
}

/** What {@link describeBackend} needs to know of a backend. Whatever is left out is shown as skipped. */
export interface DescribeBackendOptions {
  /** Makes the backend; called anew for each check. */
  create(): InferenceBackend | Promise<InferenceBackend>;
  /** A model that it can load. */
  readonly model: ModelSource;
  /** Two or more, of different sizes where axes have names. */
  readonly examples: readonly BackendExample[];
  /** A model that cannot be read. */
  readonly broken?: ModelSource;
  /** Largest difference of an element from the right answer. @defaultValue 0.00001 */
  readonly tolerance?: number;
  /** Longest that anything may take to settle. @defaultValue 10000 */
  readonly settleMs?: number;
}

/**
 * Registers the tests of the backend contract with Vitest: right answers, also of calls that overlap,
 * feeds that stay as they are, refusals, aborts, closing.
 *
 * @param label - title of the group
 * @example
 * ```ts no-run
 * import { tensor } from "@millrace/inference";
 * import { onnx } from "@millrace/inference/onnx";
 * import { affineModel, describeBackend } from "@millrace/inference/testing";
 *
 * const row = (...values: number[]) => tensor("float32", Float32Array.from(values), [1, values.length]);
 * describeBackend("onnx", {
 *   create: () => onnx(),
 *   model: affineModel({ width: 2 }), // y = 2x + 1
 *   examples: [
 *     { feeds: { x: row(1, 2) }, expected: { y: row(3, 5) } },
 *     { feeds: { x: row(0, -1) }, expected: { y: row(1, -1) } },
 *   ],
 *   broken: Uint8Array.of(1, 2, 3),
 * });
 * ```
 */
export function describeBackend(label: string, options: DescribeBackendOptions): void {
  describe(label, () => {
    for (const check of backendChecks) {
      const missing = check.missing?.(options);
      it.skipIf(missing !== undefined)(
        missing === undefined ? check.title : `${check.title} (skipped: ${missing})`,
        () => check.run(options),
      );
    }
  });
}
