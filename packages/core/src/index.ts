/**
 * Flows that never drop data unless told to: sources, stages, sinks, runs, and what flows in them.
 *
 * @packageDocumentation
 */
export { type ConfigSources, loadConfig } from "./config/load-config.ts";
export { validate } from "./config/validate.ts";
export {
  MillraceError,
  type MillraceErrorCode,
  type MillraceErrorOptions,
  wrapError,
} from "./errors.ts";
export { abortable } from "./flow/abortable.ts";
export type { ReadMeter, RunContext } from "./flow/context.ts";
export type {
  BranchWatermark,
  Sink,
  SinkCapabilities,
  SinkWriter,
  Source,
  Stage,
  Watermark,
} from "./flow/contracts.ts";
export { type Discarded, discard } from "./flow/discard.ts";
export { fromItems } from "./flow/from-items.ts";
export {
  type FromPushOptions,
  fromPush,
  type Overflow,
  type PushSource,
} from "./flow/from-push.ts";
export { type MergePullOptions, mergePull } from "./flow/merge-pull.ts";
export { type OptionalResult, optional } from "./flow/optional.ts";
export {
  itemCount,
  type Originated,
  type OriginOutcome,
  type OriginShare,
} from "./flow/origin.ts";
export { type Flow, pipeline } from "./flow/pipeline.ts";
export type { Progress } from "./flow/progress.ts";
export { EVENT_REPLAY, type Run, type RunOptions, type RunWatermark } from "./flow/run.ts";
export type {
  DomainEvent,
  OriginAcceptEvent,
  OriginDurableEvent,
  OriginReadEvent,
  RunDoneEvent,
  RunErrorEvent,
  RunEvent,
  RunStartEvent,
  WarningEvent,
} from "./flow/run-event.ts";
export { rx } from "./flow/rx.ts";
export { tee } from "./flow/tee.ts";
export type { ReadableStreamOptions } from "./flow/to-readable-stream.ts";
export { type Logger, silentLogger } from "./logger.ts";
export {
  definePlugin,
  type Plugin,
  type PluginDefinition,
  type PluginKind,
  type PluginKinds,
} from "./plugin/define-plugin.ts";
export { type LoadPluginOptions, loadPlugin } from "./plugin/load-plugin.ts";
export { isProcessAlive, type ProcessIdentity, thisProcess } from "./process-identity.ts";
export { redactUrl } from "./redact-url.ts";
export {
  eachSeries,
  type Labels,
  type SeriesBatch,
  type SeriesSamples,
  type SeriesTable,
  sampleCount,
  seriesBatch,
} from "./series/series-batch.ts";
export {
  type ExplicitGrid,
  gridLength,
  gridRange,
  gridTimes,
  type RegularGrid,
  type TimeGrid,
} from "./series/time-grid.ts";
