/**
 * Series batches into VictoriaMetrics.
 *
 * @packageDocumentation
 */
export type { CheckpointOptions } from "./body-writer.ts";
export { type LoadProgress, readCheckpoint } from "./checkpoint/read-checkpoint.ts";
export type { ComparedPart } from "./count/load-parts.ts";
export { type CountOptions, countSamples } from "./count-samples.ts";
export { seriesLines } from "./dead-letter/series-lines.ts";
export { FLUSH_AGE_MS } from "./durability.ts";
export type { Compression } from "./encode/body-format.ts";
export { createLoadCheck, type LoadCheck, type LoadCheckOptions } from "./load-check.ts";
export type { VictoriaMetricsResult } from "./result.ts";
export { type VictoriaMetricsOptions, victoriaMetrics } from "./victoria-metrics.ts";
export type { AccessOptions, TlsOptions } from "./wire/access.ts";
export type { CompressionChoice } from "./wire/choose-compression.ts";
export type { RetryPolicy } from "./wire/retry.ts";
export type { DatabaseOptions } from "./wire/target.ts";
