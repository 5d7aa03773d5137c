import type {
  GrafanaDashboard,
  GrafanaPanel,
  GrafanaQueryVariable,
  GrafanaTarget,
} from "@millrace/ingest/grafana";

/** Of the data source that `millrace dashboards` provisions. */
const DATA_SOURCE = { type: "prometheus", uid: "victoriametrics" } as const;
const BY_STREAM = '{stream=~"$stream"}';
const BY_TRANSPORT = '{stream=~"$stream",transport=~"$transport"}';
const EACH = "{{stream}} {{transport}}";

type Query = readonly [expression: string, legend: string];
type Plan = readonly [title: string, unit: string, queries: readonly Query[], description?: string];

const rate = (name: string, filter: string): string =>
  `rate(millrace_stream_${name}${filter}[$__rate_interval])`;
const age = (quantile: string): string =>
  `millrace_stream_frame_age_seconds{stream=~"$stream",transport=~"$transport",quantile="${quantile}"}`;

const ROWS: readonly (readonly [title: string, panels: readonly Plan[]])[] = [
  [
    "Viewers",
    [
      ["Viewers", "short", [[`millrace_stream_viewers${BY_TRANSPORT}`, EACH]]],
      [
        "Viewers that came and were refused",
        "short",
        [
          [`increase(millrace_stream_viewers_total${BY_TRANSPORT}[$__rate_interval])`, EACH],
          [
            `increase(millrace_stream_viewers_refused_total${BY_TRANSPORT}[$__rate_interval])`,
            `${EACH} refused`,
          ],
        ],
      ],
      ["Open streams", "short", [["millrace_streams", "streams"]]],
    ],
  ],
  [
    "Frames",
    [
      [
        "Age of frames",
        "s",
        [
          [age("0.5"), `${EACH} p50`],
          [age("0.95"), `${EACH} p95`],
        ],
        "From the server's having a frame to the viewer's: acknowledged where the transport has acknowledgements, else handed to the system.",
      ],
      [
        "Frames a second",
        "short",
        [
          [rate("frames_in_total", BY_STREAM), "{{stream}} source"],
          [`millrace_stream_viewer_fps${BY_TRANSPORT}`, `${EACH} a viewer`],
        ],
      ],
      [
        "Frames that were left out",
        "short",
        [[rate("frames_dropped_total", BY_TRANSPORT), EACH]],
        "By viewers that were slow, a second.",
      ],
    ],
  ],
  [
    "Roads",
    [
      [
        "Bitrate",
        "bps",
        [
          [`millrace_stream_bitrate_bits_per_second${BY_TRANSPORT}`, EACH],
          [`millrace_stream_target_bits_per_second${BY_TRANSPORT}`, `${EACH} weakest road`],
        ],
      ],
      ["Bytes sent", "Bps", [[rate("bytes_sent_total", BY_TRANSPORT), EACH]]],
      [
        "Loss",
        "percentunit",
        [[`millrace_stream_loss_ratio${BY_TRANSPORT}`, EACH]],
        "Of the worst viewer. Only WebRTC loses packets.",
      ],
      ["There and back", "s", [[`millrace_stream_rtt_seconds${BY_TRANSPORT}`, EACH]]],
    ],
  ],
  [
    "Work",
    [
      ["Encoded forms", "short", [[`millrace_stream_renditions${BY_STREAM}`, "{{stream}}"]]],
      [
        "Event loop delay",
        "s",
        [
          ["nodejs_eventloop_lag_p50_seconds", "p50"],
          ["nodejs_eventloop_lag_p99_seconds", "p99"],
        ],
        "While it waits, no frame goes out.",
      ],
      [
        "Processor",
        "percentunit",
        [["rate(process_cpu_seconds_total[$__rate_interval])", "cores"]],
      ],
      ["Memory", "bytes", [["process_resident_memory_bytes", "resident"]]],
    ],
  ],
];

/** The dashboard of live streams: what `/metrics` says of them, by stream and transport. */
export function streamDashboard(): GrafanaDashboard {
  const panels: GrafanaDashboard["panels"][number][] = [];
  let id = 0;
  let y = 0;
  for (const [title, plans] of ROWS) {
    const gridPos = { x: 0, y: y++, w: 24, h: 1 };
    panels.push({ type: "row", id: ++id, title, collapsed: false, gridPos, panels: [] });
    const w = 24 / plans.length;
    for (const [at, plan] of plans.entries()) {
      panels.push(panelOf(plan, ++id, { x: at * w, y, w, h: 8 }));
    }
    y += 8;
  }
  return {
    uid: "millrace-streams",
    title: "Millrace: live streams",
    description: "Viewers, ages of frames, bitrates and loss of live streams.",
    tags: ["millrace"],
    links: [],
    editable: true,
    graphTooltip: 1,
    schemaVersion: 41,
    timezone: "browser",
    time: { from: "now-15m", to: "now" },
    refresh: "10s",
    templating: {
      list: [variable("stream", "Stream"), variable("transport", "Transport")],
    },
    panels,
  };
}

function variable(label: string, title: string): GrafanaQueryVariable {
  const query = `label_values(millrace_stream_viewers,${label})`;
  return {
    type: "query",
    name: label,
    label: title,
    datasource: DATA_SOURCE,
    definition: query,
    query: { qryType: 1, query, refId: label },
    ...{ multi: true, includeAll: true, allValue: ".+", refresh: 2, sort: 1 },
    current: { text: ["All"], value: ["$__all"] },
  };
}

function panelOf(
  [title, unit, queries, description]: Plan,
  id: number,
  gridPos: GrafanaPanel["gridPos"],
): GrafanaPanel {
  return {
    type: "timeseries",
    id,
    title,
    ...(description !== undefined && { description }),
    gridPos,
    datasource: DATA_SOURCE,
    interval: "5s",
    targets: queries.map(
      ([expr, legendFormat], at): GrafanaTarget => ({
        refId: String.fromCharCode("A".charCodeAt(0) + at),
        ...{ datasource: DATA_SOURCE, expr, legendFormat },
        ...{ interval: "5s", editorMode: "code", range: true },
      }),
    ),
    fieldConfig: {
      defaults: {
        unit,
        custom: {
          ...{ axisSoftMin: 0, lineInterpolation: "linear", lineWidth: 1, fillOpacity: 0 },
          ...{ showPoints: "auto", spanNulls: 30_000, stacking: { mode: "none", group: "A" } },
        },
      },
      overrides: [],
    },
    options: {
      legend: {
        ...{ displayMode: "table", placement: "bottom", showLegend: true },
        ...{ calcs: ["mean", "max"], sortBy: "Mean", sortDesc: true },
      },
      tooltip: { mode: "multi", sort: "desc" },
    },
  };
}
