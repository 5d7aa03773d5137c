/** One series as VictoriaMetrics exports it. */
export interface ExportedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  /** Unix milliseconds. */
  readonly timestamps: readonly number[];
}

/** Reads back what was counted in a video, sample by sample. */
export async function readCounts(url: string, video: string): Promise<readonly ExportedSeries[]> {
  // Makes what was just written part of the answer.
  await fetch(`${url}/internal/force_flush`);
  const match = `{__name__=~"video_.*",video="${video}"}`;
  const answer = await fetch(`${url}/api/v1/export?${new URLSearchParams({ "match[]": match })}`);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as ExportedSeries);
}
