import type { Job, JobReport } from "../../api/types.ts";
import { formatCount } from "../../format/format-number.ts";
import { formatDuration } from "../../format/format-time.ts";
import { Link } from "../../parts/link.tsx";
import { textOf } from "./problem-text.ts";

interface Props {
  readonly job: Job;
  readonly report: JobReport;
}

/** What came of a job: counts, arrays, and what could not be read. */
export function JobResult({ job, report }: Props) {
  const { files, samples, series, problems, warnings, verified, elapsedMs } = report;
  const words = [
    `${formatCount(samples.accepted)} samples of ${formatCount(series)} series`,
    `${formatCount(files.ok)} of ${formatCount(files.total)} files whole`,
    files.partial > 0 && `${formatCount(files.partial)} in part`,
    files.failed > 0 && `${formatCount(files.failed)} failed`,
    files.skipped > 0 && `${formatCount(files.skipped)} skipped`,
    samples.rejected > 0 && `${formatCount(samples.rejected)} samples rejected`,
    verified !== null && `verified: ${verified}`,
    formatDuration(elapsedMs),
  ];
  const told = [
    ...problems.map(({ file, problems: own }) => `${file}: ${own.map(textOf).join("; ")}`),
    ...warnings.map(textOf),
  ];
  return (
    <>
      <p class="words">{words.filter(Boolean).join(" · ")}</p>
      {job.target === "grafana" && job.arrays.length > 0 && (
        <p class="words">
          Charts:{" "}
          {job.arrays.map(({ serial, model }) => (
            <Link key={serial} href={`/charts?array=${encodeURIComponent(serial)}`} class="name">
              {serial}
              {model !== "" && ` (${model})`}
            </Link>
          ))}
        </p>
      )}
      {told.length > 0 && (
        <details class="problems">
          <summary>{told.length === 1 ? "1 problem" : `${told.length} problems`}</summary>
          <ul>
            {told.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
