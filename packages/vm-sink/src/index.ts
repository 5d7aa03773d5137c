/**
 * Series batches into VictoriaMetrics.
 *
 * @packageDocumentation
 */
export { type CountOptions, countSamples } from "./count-samples.ts";
export { FLUSH_AGE_MS } from "./durability.ts";
export type { VictoriaMetricsResult } from "./result.ts";
export { type VictoriaMetricsOptions, victoriaMetrics } from "./victoria-metrics.ts";
export type { RetryPolicy } from "./wire/retry.ts";
