/** One series that can fill a panel. */
export interface SeriesChoice {
  /** Series name, as in the label `__name__`. */
  readonly series: string;
  /** Shown value = value × scale. @defaultValue 1 */
  readonly scale?: number;
}

/** One chart with its table. */
export interface PanelSpec {
  /** Panels of one kind share a column of the overview. */
  readonly kind: "iops" | "bandwidth" | "latency" | "utilisation" | "detail";
  readonly title: string;
  /** Unit of the shown values. */
  readonly unit: string;
  /** Best first: each element is shown with the first of these that it has. */
  readonly candidates: readonly SeriesChoice[];
}

/** What is shown of one kind of resource. */
export interface ResourceCharts {
  /** The label `Resource`. */
  readonly resource: string;
  /** Heading, plural. */
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

const MILLISECONDS = 1 / 1000;
const MEGABYTES = 1 / 1024;

// The number behind a name is the vendor's id of the metric.
const iops: PanelSpec = {
  kind: "iops",
  title: "IOPS",
  unit: "IO/s",
  candidates: [
    { series: "huawei_total_iops_io_s" }, // 22
    { series: "huawei_total_block_iopsio_s" }, // 1251
    { series: "huawei_disk_iops_io_s" }, // 211
    { series: "huawei_total_disk_iopsio_s" }, // 1076
  ],
};
const bandwidth: PanelSpec = {
  kind: "bandwidth",
  title: "Bandwidth",
  unit: "MB/s",
  candidates: [
    { series: "huawei_block_bandwidth_mb_s" }, // 21
    { series: "huawei_total_block_bandwidth_mb_s" }, // 1252
    { series: "huawei_bandwidth_mb_s" }, // 1638
    { series: "huawei_total_bandwidth_kb_s", scale: MEGABYTES }, // 811
    { series: "huawei_bandwidth_kb_s", scale: MEGABYTES }, // 236, 801
  ],
};
const latency: PanelSpec = {
  kind: "latency",
  title: "Latency",
  unit: "ms",
  candidates: [
    { series: "huawei_avg_i_o_response_time_us", scale: MILLISECONDS }, // 370
    { series: "huawei_avg_i_o_response_time_ms" }, // 78
    { series: "huawei_response_time_ms" }, // 20
  ],
};
const readLatency: PanelSpec = {
  kind: "detail",
  title: "Read latency",
  unit: "ms",
  candidates: [
    { series: "huawei_avg_read_i_o_response_timeus", scale: MILLISECONDS }, // 384
    { series: "huawei_avg_read_i_o_response_time_ms" }, // 197
  ],
};
const writeLatency: PanelSpec = {
  kind: "detail",
  title: "Write latency",
  unit: "ms",
  candidates: [
    { series: "huawei_avg_write_i_o_response_timeus", scale: MILLISECONDS }, // 385
    { series: "huawei_avg_write_i_o_response_time_ms" }, // 198
  ],
};
const utilisation: PanelSpec = {
  kind: "utilisation",
  title: "Utilisation",
  unit: "%",
  candidates: [{ series: "huawei_usage_percent" }], // 18, 66, 67
};
const queueLength: PanelSpec = {
  kind: "detail",
  title: "Queue length",
  unit: "",
  candidates: [
    { series: "huawei_queue_length" }, // 19
    { series: "huawei_average_queue_depth" }, // 240
  ],
};
const cpuUsage: PanelSpec = {
  kind: "utilisation",
  title: "CPU usage",
  unit: "%",
  candidates: [
    { series: "huawei_avg_cpu_usage_percent" }, // 68
    { series: "huawei_avg_corrected_cpu_usage_percent" }, // 1633
    { series: "huawei_usage_percent" }, // 18
  ],
};
const cacheUsage: PanelSpec = {
  kind: "detail",
  title: "Cache usage",
  unit: "%",
  candidates: [{ series: "huawei_avg_cache_usage_percent" }], // 69
};
const capacityUsage: PanelSpec = {
  kind: "detail",
  title: "Capacity used",
  unit: "%",
  candidates: [{ series: "huawei_capacity_usage_percent" }], // 90004
};
const received: PanelSpec = {
  kind: "detail",
  title: "Received",
  unit: "MB/s",
  candidates: [{ series: "huawei_rx_bandwidth_kb_s", scale: MEGABYTES }], // 1305
};
const sent: PanelSpec = {
  kind: "detail",
  title: "Sent",
  unit: "MB/s",
  candidates: [{ series: "huawei_tx_bandwidth_kb_s", scale: MEGABYTES }], // 1306
};

/**
 * What an OceanStor report shows, in the order of the page. To show more, add a line here or hand
 * `htmlReport` a list of your own.
 */
export const storageCharts: readonly ResourceCharts[] = [
  {
    resource: "Controller",
    title: "Controllers",
    panels: [cpuUsage, latency, iops, bandwidth, cacheUsage, queueLength],
  },
  {
    resource: "Storage Pool",
    title: "Storage pools",
    panels: [iops, bandwidth, latency, utilisation, capacityUsage],
  },
  {
    resource: "LUN",
    title: "LUNs",
    panels: [iops, bandwidth, latency, queueLength, readLatency, writeLatency],
  },
  { resource: "Disk", title: "Disks", panels: [utilisation, latency, iops, bandwidth] },
  { resource: "FC Port", title: "FC ports", panels: [iops, bandwidth, latency, utilisation] },
  {
    resource: "Ethernet Port",
    title: "Ethernet ports",
    panels: [iops, bandwidth, latency, utilisation, received, sent],
  },
  { resource: "Host", title: "Hosts", panels: [iops, bandwidth, latency, queueLength] },
];
