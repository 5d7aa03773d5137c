import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import { timeZone } from "../../state/time-zone.ts";
import { useStore } from "../../state/use-store.ts";
import type { ChartPanel } from "./chart-lines.ts";
import { dataOf, type PlotHandlers, plotPanel } from "./chart-plot.ts";
import type { WindowMs } from "./time-window.ts";

interface Props {
  readonly panel: ChartPanel;
  /** Whether any drawing of the page has an axis on the right. */
  readonly twoSides: boolean;
  readonly windowMs: WindowMs;
  readonly hidden: ReadonlySet<string>;
  /** The key of the line that stands out. */
  readonly focused: string | undefined;
  readonly onZoom: PlotHandlers["onZoom"];
  readonly onReset: () => void;
  readonly onCursor: PlotHandlers["onCursor"];
}

/** One drawing; it keeps its canvas while only samples and window change. */
export function ChartView(props: Props) {
  const { panel, twoSides, windowMs, hidden, focused } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const now = useRef(props);
  now.current = props;
  const zone = useStore(timeZone);
  const shape = panel.lines.map(({ key, unit }) => `${key}\t${unit}`).join("\n\n");

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const made = plotPanel(element, now.current.panel, {
      zone,
      twoSides,
      handlers: {
        windowMs: () => now.current.windowMs,
        onZoom: (next) => now.current.onZoom(next),
        onReset: () => now.current.onReset(),
        onCursor: (timeMs) => now.current.onCursor(timeMs),
      },
    });
    plot.current = made;
    const fit = () => {
      made.setSize({
        width: Math.max(200, element.clientWidth),
        height: element.clientHeight,
      });
    };
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const repaint = () => made.redraw(false, true);
    scheme.addEventListener("change", repaint);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", repaint);
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, zone, twoSides]);

  useEffect(() => {
    plot.current?.setData(dataOf(panel));
  }, [panel, windowMs[0], windowMs[1]]);

  useEffect(() => {
    panel.lines.forEach(({ key }, index) => {
      const show = !hidden.has(key);
      if (plot.current?.series[index + 1]?.show !== show) {
        plot.current?.setSeries(index + 1, { show });
      }
    });
  }, [panel, hidden]);

  useEffect(() => {
    const index = panel.lines.findIndex(({ key }) => key === focused);
    plot.current?.setSeries(index < 0 ? null : index + 1, { focus: true });
  }, [panel, focused]);

  const [left = "", right] = panel.units;
  return (
    <figure class="drawing">
      <figcaption>
        <span>{left || "no unit"}</span>
        {right !== undefined && <span>{right || "no unit"}</span>}
      </figcaption>
      <div ref={holder} class="plot" data-from={windowMs[0]} data-to={windowMs[1]} />
    </figure>
  );
}
