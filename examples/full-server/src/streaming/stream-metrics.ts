import type { FrameHubStats, PublicationStats, ViewerStats } from "@millrace/streaming";
import { Counter, Gauge, type Registry } from "prom-client";
import type { TransportName } from "./transports.ts";

/** What is counted of streams. Labels are a stream and a transport, never a viewer. */
export interface StreamMetrics {
  /** How a transport of a stream is doing. */
  note(stream: string, transport: TransportName, stats: PublicationStats): void;
  /** A stream is over: its figures go, so that there are never more than those of open streams. */
  forget(stream: string): void;
}

/** What is looked up when somebody asks for the figures. */
export type StreamGauges = () => readonly { readonly id: string; readonly hub: FrameHubStats }[];

const TOTALS = {
  frames_sent_total: ["Frames that were sent to viewers.", "framesSent"],
  frames_dropped_total: ["Frames that slow viewers did not get.", "framesDropped"],
  bytes_sent_total: ["Bytes that were sent to viewers.", "bytesSent"],
  viewers_total: ["Viewers that came.", "viewersTotal"],
  viewers_refused_total: ["Viewers that were sent away because it was full.", "viewersRefused"],
} as const;

/** Adds the figures of streams to those of the process. */
export function streamMetrics(register: Registry, open: StreamGauges): StreamMetrics {
  const registers = [register];
  const labelNames = ["stream", "transport"];
  const totals = Object.entries(TOTALS).map(([name, [help, field]]) => ({
    counter: new Counter({ name: `millrace_stream_${name}`, help, labelNames, registers }),
    field,
  }));
  const gauge = (name: string, help: string, more: readonly string[] = []): Gauge =>
    new Gauge({
      name: `millrace_stream_${name}`,
      help,
      labelNames: [...labelNames, ...more],
      registers,
    });
  const viewers = gauge("viewers", "Viewers that watch.");
  const fps = gauge("viewer_fps", "Frames a second that a viewer gets in the mean.");
  const bitrate = gauge("bitrate_bits_per_second", "Bits a second to all viewers.");
  const age = gauge(
    "frame_age_seconds",
    "How old frames are when viewers have them: 0.5 is the middle one of the viewers' medians, 0.95 the greatest 95th percentile of a viewer.",
    ["quantile"],
  );
  const rtt = gauge("rtt_seconds", "There and back, of the middle viewer.");
  const loss = gauge("loss_ratio", "Share of packets that were lost, of the worst viewer.");
  const target = gauge(
    "target_bits_per_second",
    "Bits a second that the road of the weakest viewer is reckoned to carry.",
  );
  const gauges = [viewers, fps, bitrate, age, rtt, loss, target];
  const before = new Map<string, PublicationStats>();

  const hubs = [
    [Counter, "frames_in_total", "Frames that the source gave.", "framesIn"],
    [
      Counter,
      "frames_out_of_order_total",
      "Frames that were shown to nobody, since they were not later than the one before.",
      "framesOutOfOrder",
    ],
    [Gauge, "renditions", "Forms that are encoded now.", "renditions"],
  ] as const;
  for (const [Kind, name, help, field] of hubs) {
    new Kind({
      name: `millrace_stream_${name}`,
      help,
      labelNames: ["stream"],
      registers,
      collect() {
        this.reset();
        for (const { id, hub } of open()) {
          this.inc({ stream: id }, field === "renditions" ? hub.renditions.length : hub[field]);
        }
      },
    });
  }
  new Gauge({
    name: "millrace_streams",
    help: "Streams that are open.",
    registers,
    collect() {
      this.set(open().length);
    },
  });

  return {
    note(stream, transport, stats) {
      const labels = { stream, transport };
      const key = `${transport} ${stream}`;
      const last = before.get(key);
      before.set(key, stats);
      for (const { counter, field } of totals) {
        counter.inc(labels, Math.max(0, stats[field] - (last?.[field] ?? 0)));
      }
      const all = stats.viewers;
      viewers.set(labels, all.length);
      bitrate.set(
        labels,
        sum(all, (one) => one.bitrate),
      );
      fps.set(labels, all.length === 0 ? 0 : sum(all, (one) => one.fps) / all.length);
      const known = all.flatMap(({ frameAgeMs }) => frameAgeMs ?? []);
      setOrRemove(age, { ...labels, quantile: "0.5" }, middle(known.map(({ p50 }) => p50 / 1000)));
      setOrRemove(age, { ...labels, quantile: "0.95" }, most(known.map(({ p95 }) => p95 / 1000)));
      setOrRemove(rtt, labels, middle(told(all, (one) => one.rttMs).map((ms) => ms / 1000)));
      setOrRemove(loss, labels, most(told(all, (one) => one.lossRatio)));
      setOrRemove(target, labels, least(told(all, (one) => one.targetBitrate)));
    },
    forget(stream) {
      for (const key of [...before.keys()].filter((one) => one.endsWith(` ${stream}`))) {
        before.delete(key);
        const labels = { stream, transport: key.slice(0, key.indexOf(" ")) };
        for (const { counter } of totals) counter.remove(labels);
        for (const one of gauges) {
          if (one === age)
            for (const quantile of ["0.5", "0.95"]) one.remove({ ...labels, quantile });
          else one.remove(labels);
        }
      }
    },
  };
}

/** What nobody knows has no sample: a 0 would be read as one. */
function setOrRemove(
  gauge: Gauge,
  labels: Readonly<Record<string, string>>,
  value: number | undefined,
): void {
  if (value === undefined) gauge.remove(labels);
  else gauge.set(labels, value);
}

function told(
  viewers: readonly ViewerStats[],
  read: (viewer: ViewerStats) => number | null,
): readonly number[] {
  return viewers.flatMap((viewer) => read(viewer) ?? []);
}

function sum(viewers: readonly ViewerStats[], read: (viewer: ViewerStats) => number): number {
  return viewers.reduce((total, viewer) => total + read(viewer), 0);
}

function middle(values: readonly number[]): number | undefined {
  return [...values].sort((one, other) => one - other)[values.length >> 1];
}

function most(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}
