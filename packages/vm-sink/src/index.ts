/**
 * Series batches into VictoriaMetrics.
 *
 * @packageDocumentation
 */
export type { ComparedPart } from "./count/load-parts.ts";
export { type CountOptions, countSamples } from "./count-samples.ts";
export { FLUSH_AGE_MS } from "./durability.ts";
export { createLoadCheck, type LoadCheck, type LoadCheckOptions } from "./load-check.ts";
export type { VictoriaMetricsResult } from "./result.ts";
export { type VictoriaMetricsOptions, victoriaMetrics } from "./victoria-metrics.ts";
export type { RetryPolicy } from "./wire/retry.ts";
