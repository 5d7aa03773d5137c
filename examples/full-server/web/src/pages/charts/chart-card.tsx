import { useMemo, useState } from "preact/hooks";
import type { StorageArray } from "../../api/types.ts";
import { formatDuration } from "../../format/format-time.ts";
import { Empty } from "../../parts/empty.tsx";
import { Notice } from "../../parts/notice.tsx";
import type { Loaded } from "../../parts/use-loaded.ts";
import { chartCsv } from "./chart-csv.ts";
import { type AnsweredQuery, linesOf, panelsOf } from "./chart-lines.ts";
import { ChartView } from "./chart-view.tsx";
import { FiguresTable } from "./figures-table.tsx";
import { RangeForm } from "./range-form.tsx";
import { saveText } from "./save-text.ts";
import { isSameWindow, panWindow, type WindowMs, zoomWindow } from "./time-window.ts";

interface Props {
  readonly array: StorageArray;
  readonly answers: Loaded<readonly AnsweredQuery[]>;
  readonly windowMs: WindowMs;
  readonly wholeMs: WindowMs;
  /** A step to go back to, unless it is one of many small ones. */
  readonly onWindow: (windowMs: WindowMs, small?: "small") => void;
}

/** The drawings with their keys, buttons and figures. */
export function ChartCard({ array, answers, windowMs, wholeMs, onWindow }: Props) {
  const { value, loading, problem } = answers;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<string>();
  const [cursorMs, setCursorMs] = useState<number>();
  const lines = useMemo(() => linesOf(value ?? []), [value]);
  const panels = useMemo(() => panelsOf(lines), [lines]);
  const twoSides = panels.some(({ units }) => units.length > 1);
  const reset = () => onWindow(wholeMs);
  const moves: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => onWindow(panWindow(windowMs, -1), "small"),
    ArrowRight: () => onWindow(panWindow(windowMs, 1), "small"),
    "+": () => onWindow(zoomWindow(windowMs, 0.5), "small"),
    "=": () => onWindow(zoomWindow(windowMs, 0.5), "small"),
    "-": () => onWindow(zoomWindow(windowMs, 2), "small"),
    "0": reset,
  };
  const buttons = [
    ["ArrowLeft", "←", "Earlier"],
    ["ArrowRight", "→", "Later"],
    ["+", "+", "Zoom in"],
    ["-", "−", "Zoom out"],
  ] as const;
  const whole = isSameWindow(windowMs, wholeMs);
  return (
    <section class="card chart" aria-label="Chart">
      <div class="tools">
        <RangeForm windowMs={windowMs} onApply={onWindow} />
        <div class="choice">
          {buttons.map(([key, sign, label]) => (
            <button
              key={key}
              type="button"
              aria-label={label}
              title={label}
              disabled={key === "-" && whole}
              onClick={moves[key]}
            >
              {sign}
            </button>
          ))}
        </div>
        <button type="button" class="button" disabled={whole} onClick={reset}>
          Whole range
        </button>
        <button
          type="button"
          class="button"
          disabled={lines.length === 0}
          onClick={() => saveText(`${array.serial}.csv`, chartCsv(visible(lines, hidden)))}
        >
          Save as CSV
        </button>
        <span class="muted status" role="status">
          {loading
            ? `Reading ${formatDuration(windowMs[1] - windowMs[0])}…`
            : `${formatDuration(windowMs[1] - windowMs[0])} shown`}
        </span>
      </div>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {/* biome-ignore lint/a11y/useSemanticElements: no element stands for a chart that takes keys */}
      <div
        class={loading && value !== undefined ? "drawings stale" : "drawings"}
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows, plus and minus move the chart
        tabIndex={0}
        aria-label="Drawing; the figures are in the table below"
        aria-describedby="chart-keys"
        onKeyDown={(event) => {
          const move = moves[event.key];
          if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          move();
        }}
      >
        {panels.map((panel) => (
          <ChartView
            key={panel.units.join("\n")}
            {...{ panel, twoSides, windowMs, hidden, focused }}
            onZoom={onWindow}
            onReset={reset}
            onCursor={setCursorMs}
          />
        ))}
        {value === undefined && loading && <p class="plot muted">Reading samples…</p>}
        {value !== undefined && lines.length === 0 && (
          <Empty title="No samples in this time">
            Show the whole range, or choose another metric or other elements.
          </Empty>
        )}
      </div>
      <p id="chart-keys" class="muted keys">
        Drag to zoom, double click for the whole range. Keys in the drawing: ← → move, + − zoom, 0
        whole range.
      </p>
      {value !== undefined && (
        <FiguresTable
          answers={value}
          {...{ lines, hidden, cursorMs }}
          onToggle={(key) => setHidden(toggled(hidden, key))}
          onFocus={setFocused}
        />
      )}
    </section>
  );
}

function visible<T extends { readonly key: string }>(
  lines: readonly T[],
  hidden: ReadonlySet<string>,
): readonly T[] {
  return lines.filter(({ key }) => !hidden.has(key));
}

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
}
