/** What a load is made into. */
export type Target = "grafana" | "csv" | "perfmonkey" | "parquet";

/** A time range in Unix milliseconds, both ends included. */
export type TimeRangeMs = readonly [fromMs: number, toMs: number];

/** What the server tells about itself. */
export interface Settings {
  readonly version: string;
  readonly grafanaUrl: string | null;
  readonly maxUploadBytes: number;
  readonly targets: readonly Target[];
  readonly database: { readonly url: string; readonly reachable: boolean };
}

export type JobState = "waiting" | "delayed" | "running" | "done" | "failed" | "cancelled";

/** How far a running job is. */
export interface JobProgress {
  readonly phase: "waiting" | "reading" | "verifying" | "storing";
  readonly bytesRead: number;
  readonly bytesTotal: number;
  readonly files: number;
  readonly filesTotal: number;
  readonly samples: number;
  readonly samplesPerSecond: number;
  readonly etaMs: number | null;
}

/** What a load came to. */
export interface JobReport {
  readonly complete: boolean;
  readonly files: Readonly<Record<"total" | "ok" | "partial" | "failed" | "skipped", number>>;
  readonly samples: Readonly<Record<"parsed" | "accepted" | "durable" | "rejected", number>>;
  readonly series: number;
  readonly problems: readonly { readonly file: string; readonly problems: readonly unknown[] }[];
  readonly warnings: readonly unknown[];
  readonly verified: string | null;
  readonly elapsedMs: number;
}

/** An array that a job found samples of. */
export interface LoadedArray {
  readonly serial: string;
  readonly model: string;
  readonly intervalSeconds: number;
  readonly timeRangeMs: TimeRangeMs;
  readonly samples: number;
  readonly series: number;
}

/** A file that a job made. */
export interface JobOutput {
  readonly name: string;
  readonly sizeBytes: number;
  readonly url: string;
}

/** One load of one uploaded or watched archive. */
export interface Job {
  readonly id: string;
  readonly kind: "load";
  readonly state: JobState;
  /** Told to stop, but still at it. */
  readonly cancelling?: boolean;
  readonly filename: string;
  readonly target: Target;
  readonly sizeBytes: number;
  readonly source: "upload" | "watch";
  readonly serials: readonly string[];
  readonly createdMs: number;
  readonly startedMs: number | null;
  readonly finishedMs: number | null;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly progress: JobProgress | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly report: JobReport | null;
  readonly arrays: readonly LoadedArray[];
  readonly outputs: readonly JobOutput[];
}

/** One line of a job's log. */
export interface LogLine {
  readonly number: number;
  readonly timeMs: number;
  readonly text: string;
}

/** A storage array that loads brought samples of. */
export interface StorageArray {
  readonly serial: string;
  readonly model: string;
  readonly controllers: readonly string[];
  readonly intervals: readonly number[];
  readonly intervalSeconds: number;
  readonly timeRangeMs: TimeRangeMs;
  readonly samples: number;
  readonly series: number;
  readonly loads: number;
  readonly lastLoadMs: number;
  readonly grafanaUrl: string | null;
}

/** A metric that an array has samples of. */
export interface Metric {
  readonly name: string;
  readonly title: string;
  readonly unit: string | null;
}

/** The line of one element, with its figures over the raw samples of the range. */
export interface SeriesOfElement {
  readonly element: string;
  readonly values: readonly (number | null)[];
  readonly min: number | null;
  readonly avg: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

/** Lines on one time grid; each value is the average of one step. */
export interface SeriesAnswer {
  readonly stepMs: number;
  readonly timesMs: readonly number[];
  readonly series: readonly SeriesOfElement[];
}
