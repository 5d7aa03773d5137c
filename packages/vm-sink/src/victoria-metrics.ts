import type { SeriesBatch, Sink } from "@millrace/core";
import { MillraceError } from "@millrace/core";
import type { CheckpointOptions, WriterSettings } from "./body-writer.ts";
import { unlookable } from "./delivery.ts";
import type { BodyFormat } from "./encode/body-format.ts";
import { jsonLines } from "./encode/json-lines.ts";
import { prometheusText } from "./encode/prometheus-text.ts";
import { remoteWrite } from "./encode/remote-write.ts";
import { MOST_CONNECTIONS, openWriter } from "./open-writer.ts";
import type { VictoriaMetricsResult } from "./result.ts";
import type { CompressionChoice } from "./wire/choose-compression.ts";
import { PATIENT_RETRY, type RetryPolicy } from "./wire/retry.ts";
import { type DatabaseOptions, parseTarget } from "./wire/target.ts";

/** Options of {@link victoriaMetrics}. */
export interface VictoriaMetricsOptions extends DatabaseOptions {
  /** What goes over the wire. @defaultValue "remote-write" */
  readonly format?: "remote-write" | "json" | "prometheus";
  /** Samples a request. @defaultValue what fits in 1 MiB, about 57,000 */
  readonly batchSize?: number;
  /**
   * What bodies are compressed with. `zstd` is for remote write only and is tried before the first byte
   * of data with a message that stores nothing; `gzip` is for the other formats. `auto` is zstd where the
   * address is outside of networks of one's own and the database takes it, and nothing elsewhere.
   * @defaultValue "auto"
   */
  readonly compression?: CompressionChoice;
  /**
   * Requests in flight at once, or `auto`: beginning with two, one more as long as they do not wait for
   * each other, half as many when the server is overloaded, never more than 64 and than the server works
   * at (`-maxConcurrentInserts`). A buffer of 1 MiB each.
   * @defaultValue 3
   */
  readonly connections?: number | "auto";
  /** When a failed request is tried again. @defaultValue with growing pauses, for ever */
  readonly retry?: Partial<RetryPolicy>;
  /**
   * How `close` makes sure that the data survives a crash of the database: by a snapshot that is deleted
   * at once, by waiting until the database must have written its buffers, or not at all. In front of a
   * cluster or a vmagent there is only "age", and it speaks for the process that was addressed alone.
   * @defaultValue "snapshot", and "age" where the server refuses snapshots
   */
  readonly durability?: "snapshot" | "age" | "none";
  /**
   * Keeps note of how far the load has come, so that the same load, opened again after a crash of either
   * side, goes on where it stopped: the data must come again in the same order, from its beginning. What
   * may have been sent is looked up in the database, and only what is missing is sent.
   * @defaultValue none: a load that breaks off starts anew
   */
  readonly checkpoint?: CheckpointOptions;
  /**
   * File for the series that the database refuses (400, 409, 413, 422), one a line as JSON; the others go
   * on. {@link seriesLines} reads it.
   * @defaultValue none: a refusal ends the run
   */
  readonly deadLetter?: string;
  /** Encode and check everything, send nothing. @defaultValue false */
  readonly dryRun?: boolean;
}

const FORMATS = {
  "remote-write": remoteWrite,
  json: jsonLines,
  prometheus: prometheusText,
} as const;
const MIB = 1024 * 1024;
/** The server's own limit is 32 MiB; larger bodies only cost memory and time. */
const LARGEST_BODY = 16 * MIB;
const SMALLEST_BODY = 4 * 1024;

/**
 * A sink that writes series batches into VictoriaMetrics.
 *
 * Before the first byte it reads the server's settings and refuses data that the server would drop
 * silently (outside its retention, too many labels). A request is `accepted` when it was answered 2xx,
 * and `durable` when the server has flushed it: older than {@link FLUSH_AGE_MS} with the server still the
 * same process, or after a snapshot.
 *
 * @throws MillraceError INVALID_OPTION when an option is out of range
 * @example
 * ```ts
 * import { victoriaMetrics } from "@millrace/vm-sink";
 *
 * const sink = victoriaMetrics({ url: "http://localhost:8428", connections: 4 });
 * ```
 */
export function victoriaMetrics(
  options: VictoriaMetricsOptions,
): Sink<SeriesBatch, VictoriaMetricsResult> {
  const { format = "remote-write", connections = 3, durability, dryRun = false } = options;
  const createFormat = FORMATS[format];
  if (connections !== "auto") within("connections", connections, 1, MOST_CONNECTIONS);
  if (options.batchSize !== undefined) within("batchSize", options.batchSize, 1, 10_000_000);
  const wanted = options.batchSize === undefined ? MIB : createFormat().bytesFor(options.batchSize);
  const { endpoint, select } = parseTarget(options);
  const compression = options.compression ?? "auto";
  checkCompression(compression, createFormat());
  const settings: WriterSettings = {
    endpoint,
    lookup: select,
    createFormat,
    compression,
    bodyBytes: Math.min(LARGEST_BODY, Math.max(SMALLEST_BODY, Math.ceil(wanted))),
    connections,
    retry: { ...PATIENT_RETRY, ...options.retry },
    durability: durability ?? "snapshot",
    wantsSnapshot: durability === "snapshot",
    dryRun,
    checkpoint: options.checkpoint,
    deadLetter: options.deadLetter,
  };
  if (options.checkpoint !== undefined && durability === "none") {
    throw new MillraceError(
      "INVALID_OPTION",
      'victoriaMetrics: a checkpoint needs to know what is durable; leave out durability "none".',
    );
  }
  if (options.checkpoint !== undefined && endpoint.cluster !== undefined && select === undefined) {
    throw unlookable(endpoint);
  }
  return {
    apiVersion: 1,
    name: "victoria-metrics",
    capabilities: {
      durable: !dryRun && durability !== "none",
      resume: options.checkpoint !== undefined && !dryRun,
    },
    open: (context) => openWriter(settings, context),
  };
}

function checkCompression(wanted: CompressionChoice, { name, compressions }: BodyFormat): void {
  if (wanted === "auto" || wanted === "none" || compressions.includes(wanted)) return;
  throw new MillraceError(
    "INVALID_OPTION",
    `victoriaMetrics: compression ${JSON.stringify(wanted)} is not for the format ${name}; give ${JSON.stringify(compressions[0])}, "none" or "auto".`,
  );
}

function within(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new MillraceError(
    "INVALID_OPTION",
    `victoriaMetrics: ${name} is ${value}; give a whole number from ${least} to ${most}.`,
  );
}
