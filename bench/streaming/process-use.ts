/** What a process has used since it began. */
export interface ProcessUse {
  readonly cpuSeconds: number;
  /** Seconds since it began. */
  readonly atSeconds: number;
  readonly rssBytes: number;
}
