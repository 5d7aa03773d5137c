import { useEffect, useMemo, useRef } from "preact/hooks";
import type { StorageArray } from "../../api/types.ts";
import { formatCount } from "../../format/format-number.ts";
import { formatDuration } from "../../format/format-time.ts";
import { Notice } from "../../parts/notice.tsx";
import { useAction } from "../../parts/use-action.ts";
import { navigate } from "../../state/routing.ts";
import { createCatalog, firstQuery, nextQuery } from "./catalog.ts";
import { type ChartState, chartAddress, MAX_QUERIES } from "./chart-address.ts";
import { ChartCard } from "./chart-card.tsx";
import { QueryEditor } from "./query-editor.tsx";
import { fitWindow, isSameWindow, type WindowMs } from "./time-window.ts";
import { useAnswers } from "./use-answers.ts";

/** Samples that are shown at least, so that a window never falls between two of them. */
const FEWEST_SAMPLES = 5;

interface Props {
  readonly array: StorageArray;
  readonly state: ChartState;
}

/** The queries on one array and their chart. */
export function ArrayCharts({ array, state }: Props) {
  const { serial, lastLoadMs, timeRangeMs, intervalSeconds, grafanaUrl } = array;
  const { queries } = state;
  // A new load may bring what the array had not before.
  const catalog = useMemo(() => createCatalog(serial), [serial, lastLoadMs]);
  const { run, running, problem } = useAction();
  const wholeMs = wholeWindow(timeRangeMs, intervalSeconds);
  const windowMs = state.windowMs ?? wholeMs;
  const keyed = useRef<string | undefined>(undefined);
  const answers = useAnswers({ array, catalog, queries, windowMs });

  const go = (change: Partial<ChartState>, options = {}) =>
    navigate(chartAddress({ ...state, array: serial, ...change }), options);

  useEffect(() => {
    if (queries.length > 0) return;
    run(async () => {
      const first = await firstQuery(catalog);
      if (first !== undefined) go({ queries: [first] }, { replace: true });
    });
  }, [catalog, queries.length]);

  const onWindow = (next: WindowMs, small?: "small") => {
    const fitted = fitWindow(next, wholeMs, FEWEST_SAMPLES * intervalSeconds * 1000);
    const whole = isSameWindow(fitted, wholeMs);
    // A row of key presses is one step to go back over.
    const replace = small !== undefined && keyed.current === location.href;
    go({ windowMs: whole ? undefined : fitted }, { replace });
    keyed.current = small && location.href;
  };
  const replaced = (index: number, ...by: typeof queries) =>
    go({ queries: queries.toSpliced(index, 1, ...by) });

  return (
    <>
      <p class="muted facts">
        {formatDuration(intervalSeconds * 1000)} interval · {formatCount(array.samples)} samples ·{" "}
        {formatCount(array.series)} series
        {grafanaUrl !== null && (
          <>
            {" · "}
            <a href={grafanaUrl} target="_blank" rel="noopener">
              Open in Grafana<span class="hidden"> (new tab)</span>
            </a>
          </>
        )}
      </p>
      <div class="queries">
        {queries.map((query, index) => (
          <QueryEditor
            key={index}
            catalog={catalog}
            query={query}
            number={index + 1}
            onChange={(next) => replaced(index, next)}
            onRemove={queries.length > 1 ? () => replaced(index) : undefined}
          />
        ))}
        {queries.length > 0 && queries.length < MAX_QUERIES && (
          <button
            type="button"
            class="button"
            disabled={running}
            onClick={() =>
              run(async () => {
                const next = await nextQuery(catalog, queries);
                if (next !== undefined) go({ queries: [...queries, next] });
              })
            }
          >
            Compare with another
          </button>
        )}
      </div>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {queries.length === 0 && running && <p class="muted">Asking the database what it has…</p>}
      {queries.length === 0 && !running && problem === undefined && (
        <Notice>
          The database has no samples of this array any more. Load its archives again, or check how
          long the database keeps samples.
        </Notice>
      )}
      {queries.length > 0 && <ChartCard {...{ array, answers, windowMs, wholeMs, onWindow }} />}
    </>
  );
}

/** A single sample gets some time around it. */
function wholeWindow([fromMs, toMs]: WindowMs, intervalSeconds: number): WindowMs {
  const spareMs = toMs > fromMs ? 0 : intervalSeconds * 1000 * FEWEST_SAMPLES;
  return [fromMs - spareMs, toMs + spareMs];
}
