/** What the VictoriaMetrics sink reports of a finished run. */
export interface VictoriaMetricsResult {
  /** Samples that the database answered for. */
  readonly samples: number;
  /** Samples that lay in the database already, from the run that this one goes on from. */
  readonly present: number;
  /** What the database refused and the dead-letter file holds. */
  readonly rejected: { readonly series: number; readonly samples: number };
  /** Samples left out before sending, because they were NaN or infinite. */
  readonly dropped: number;
  /** Request bodies sent, and their bytes. */
  readonly requests: number;
  readonly bytes: number;
  /** Times that a body had to be sent again. */
  readonly retries: number;
  /**
   * Rows that the database counted as dropped during the run, by reason: `small_timestamp`,
   * `hourly_series_limit`, `relabel` and so on. It says so of all its clients, so with other writers at
   * work they may be theirs.
   */
  readonly lostRows: Readonly<Record<string, number>>;
  readonly database: {
    /** Undefined where the build does not tell. */
    readonly version: string | undefined;
    /** CPU time it spent from open to accepted. */
    readonly cpuMs: number | undefined;
    /** Cores it may use. */
    readonly cores: number | undefined;
  };
  /** From opening to the last answer, reading included. */
  readonly acceptedMs: number;
  /**
   * From opening until everything was durable; undefined with durability "none", and where the database
   * dropped rows, since they may be ours.
   */
  readonly durableMs: number | undefined;
}
