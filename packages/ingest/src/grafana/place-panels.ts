import type { GrafanaPanel, GrafanaRow } from "./dashboard-model.ts";
import { DATA_SOURCE } from "./dashboard-variables.ts";
import type { PanelPlan } from "./metric-panels.ts";

const WIDTH = 24;
const PANEL_HEIGHT = 8;
/** Most panels side by side. */
const ACROSS = 4;
const MIN_INTERVAL = "$min_interval";
/** The span of one file of an archive: a missing file shows as a gap, samples that are far apart do not. */
const BRIDGED_MS = 15 * 60_000;

/** A row and its panels, a list for each line. */
export interface RowPlan {
  readonly title: string;
  readonly collapsed: boolean;
  readonly lines: readonly (readonly PanelPlan[])[];
  /** The variable for each value of which there is one panel. */
  readonly repeat?: string;
}

/** Gives rows and panels their places and ids. */
export function placePanels(rows: readonly RowPlan[]): readonly (GrafanaRow | GrafanaPanel)[] {
  const placed: (GrafanaRow | GrafanaPanel)[] = [];
  let [id, y] = [0, 0];
  for (const { title, collapsed, lines, repeat } of rows) {
    const rowId = ++id;
    const rowY = y++;
    const panels: GrafanaPanel[] = [];
    let panelY = y;
    for (const line of lines.flatMap(splitLine)) {
      const w = WIDTH / line.length;
      for (const [index, plan] of line.entries()) {
        const gridPos = { x: index * w, y: panelY, w, h: PANEL_HEIGHT };
        panels.push({ ...panelOf(plan, ++id), gridPos, ...repeated(repeat) });
      }
      panelY += PANEL_HEIGHT;
    }
    const gridPos = { x: 0, y: rowY, w: WIDTH, h: 1 };
    const row = { type: "row", id: rowId, title, collapsed, gridPos } as const;
    if (collapsed) {
      placed.push({ ...row, panels });
    } else {
      placed.push({ ...row, panels: [] }, ...panels);
      y = panelY;
    }
  }
  return placed;
}

/** Five panels are a line of three and one of two. */
function splitLine(line: readonly PanelPlan[]): readonly (readonly PanelPlan[])[] {
  if (line.length <= ACROSS) return [line];
  return [line.slice(0, 3), ...splitLine(line.slice(3))];
}

function repeated(variable: string | undefined): Partial<GrafanaPanel> {
  return variable === undefined ? {} : { repeat: variable, repeatDirection: "h", maxPerRow: 2 };
}

function panelOf(plan: PanelPlan, id: number): Omit<GrafanaPanel, "gridPos"> {
  const { title, description, unit, stacked, queries } = plan;
  return {
    type: "timeseries",
    id,
    title,
    description,
    datasource: DATA_SOURCE,
    interval: MIN_INTERVAL,
    targets: queries.map(({ expression, legend }, index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: DATA_SOURCE,
      expr: expression,
      legendFormat: legend,
      interval: MIN_INTERVAL,
      editorMode: "code",
      range: true,
    })),
    fieldConfig: {
      defaults: {
        unit,
        custom: {
          axisSoftMin: 0,
          lineInterpolation: "linear",
          lineWidth: stacked ? 0 : 1,
          fillOpacity: stacked ? 70 : 0,
          showPoints: "auto",
          spanNulls: BRIDGED_MS,
          stacking: { mode: stacked ? "normal" : "none", group: "A" },
        },
      },
      overrides: [],
    },
    options: {
      legend: {
        displayMode: "table",
        placement: "bottom",
        showLegend: true,
        calcs: ["mean", "max"],
        sortBy: "Mean",
        sortDesc: true,
      },
      tooltip: { mode: "multi", sort: "desc" },
    },
  };
}
