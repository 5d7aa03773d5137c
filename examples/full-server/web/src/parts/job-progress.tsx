import type { JobProgress as Progress } from "../api/types.ts";
import { formatBytes, formatCount, formatFigure, formatShare } from "../format/format-number.ts";
import { formatDuration } from "../format/format-time.ts";

const PHASES: Readonly<Record<Progress["phase"], string>> = {
  waiting: "Starting",
  reading: "Reading",
  verifying: "Verifying what arrived",
  storing: "Storing files",
};

/** How far a running job is, as a bar and in words. */
export function JobProgress({ progress, name }: { progress: Progress; name: string }) {
  const { phase, bytesRead, bytesTotal, files, filesTotal, samples, samplesPerSecond } = progress;
  const words = [
    PHASES[phase],
    bytesTotal > 0 && `${formatShare(bytesRead, bytesTotal)} of ${formatBytes(bytesTotal)}`,
    filesTotal > 0 && `${formatCount(files)} of ${formatCount(filesTotal)} files`,
    samples > 0 && `${formatCount(samples)} samples`,
    samplesPerSecond > 0 && `${formatFigure(samplesPerSecond, 0)} samples/s`,
    progress.etaMs !== null && phase === "reading" && `${formatDuration(progress.etaMs)} left`,
  ];
  return (
    <>
      <progress
        aria-label={`Progress of ${name}`}
        max={1}
        value={bytesTotal > 0 ? Math.min(1, bytesRead / bytesTotal) : undefined}
      />
      <p class="words">{words.filter(Boolean).join(" · ")}</p>
    </>
  );
}
