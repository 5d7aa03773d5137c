import uPlot from "uplot";
import { formatTick } from "../../format/format-number.ts";
import { timeParts, type Zone } from "../../format/format-time.ts";
import { type ChartPanel, columnsOf } from "./chart-lines.ts";
import type { WindowMs } from "./time-window.ts";

/** What a drawing tells and asks. */
export interface PlotHandlers {
  readonly windowMs: () => WindowMs;
  readonly onZoom: (windowMs: WindowMs) => void;
  readonly onReset: () => void;
  /** The row under the cursor, or undefined. */
  readonly onCursor: (timeMs: number | undefined) => void;
}

/** How a panel is drawn. */
export interface PlotOptions {
  readonly zone: Zone;
  readonly handlers: PlotHandlers;
  /** Leaves room for a right axis, so that drawings above each other have the same width. */
  readonly twoSides: boolean;
}

const AXIS_PX = 52;
const FONT =
  "11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif";

/** Fewer pixels are a click. */
const SHORTEST_DRAG_PX = 6;

/** Draws a panel into `holder`. The caller destroys it. */
export function plotPanel(
  holder: HTMLElement,
  panel: ChartPanel,
  { zone, handlers, twoSides }: PlotOptions,
): uPlot {
  const axis = {
    stroke: () => css("--muted"),
    font: FONT,
    grid: { stroke: () => css("--grid"), width: 1 },
    ticks: { show: false },
    gap: 6,
  };
  const scaleOf = (unit: string) => `y${panel.units.indexOf(unit)}`;
  return new uPlot(
    {
      width: Math.max(200, holder.clientWidth),
      height: holder.clientHeight || 320,
      ms: 1,
      padding: [8, panel.units.length > 1 ? 0 : twoSides ? AXIS_PX : 8, 0, 0],
      tzDate: (ms) => (zone === "utc" ? uPlot.tzDate(new Date(ms), "Etc/UTC") : new Date(ms)),
      legend: { show: false },
      scales: {
        x: { time: true, range: () => [...handlers.windowMs()] as [number, number] },
        ...(Object.fromEntries(
          panel.units.map((unit) => [
            scaleOf(unit),
            { range: (_, low, high) => fromZero(low, high) },
          ]),
        ) as Record<string, uPlot.Scale>),
      },
      axes: [
        {
          ...axis,
          size: 40,
          space: 64,
          values: (_, splits, _axis, _space, increment) => timeLabels(splits, increment, zone),
        },
        ...panel.units.map((unit, index) => ({
          ...axis,
          scale: scaleOf(unit),
          side: index === 0 ? (3 as const) : (1 as const),
          grid: { ...axis.grid, show: index === 0 },
          size: AXIS_PX,
          space: 36,
          values: (_: uPlot, splits: number[]) => splits.map(formatTick),
        })),
      ],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        sync: { key: "charts", filters: { pub: (type) => /^mouse(move|leave)$/.test(type) } },
        bind: {
          dblclick: () => () => {
            handlers.onReset();
            return null;
          },
        },
      },
      focus: { alpha: 0.2 },
      series: [
        {},
        ...panel.lines.map(({ series, unit, colorIndex, dash }) => ({
          label: series.element,
          scale: scaleOf(unit),
          stroke: () => css(`--s${colorIndex}`),
          width: 1.5,
          ...(dash && { dash: [...dash] }),
        })),
      ],
      hooks: {
        setCursor: [
          ({ cursor, data }) => {
            const { idx, left = -1 } = cursor;
            const on = idx !== null && idx !== undefined && left >= 0;
            handlers.onCursor(on ? data[0][idx] : undefined);
          },
        ],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width === 0) return;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            if (width < SHORTEST_DRAG_PX) return;
            handlers.onZoom([
              Math.round(plot.posToVal(left, "x")),
              Math.round(plot.posToVal(left + width, "x")),
            ]);
          },
        ],
      },
    },
    dataOf(panel),
    holder,
  );
}

/** The columns of a panel as uPlot takes them. */
export function dataOf(panel: ChartPanel): uPlot.AlignedData {
  return columnsOf(panel.lines) as unknown as uPlot.AlignedData;
}

function fromZero(low: number | null, high: number | null): [number, number] {
  const top = Math.max(high ?? 0, 0);
  const bottom = Math.min(low ?? 0, 0);
  return top === 0 && bottom === 0 ? [0, 1] : [bottom * 1.06, top * 1.06];
}

function timeLabels(splits: readonly number[], incrementMs: number, zone: Zone): string[] {
  let before = "";
  return splits.map((ms) => {
    const { shortDay, time, seconds } = timeParts(ms, zone);
    const label = incrementMs < 60_000 ? `${time}:${seconds}` : time;
    const changed = shortDay !== before;
    before = shortDay;
    if (incrementMs >= 86_400_000) return shortDay;
    return changed ? `${label}\n${shortDay}` : label;
  });
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
