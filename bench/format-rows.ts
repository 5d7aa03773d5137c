import { MillraceError } from "@millrace/core";
import {
  type CompressionChoice,
  type VictoriaMetricsOptions,
  victoriaMetrics,
} from "@millrace/vm-sink";
import type { DataSize } from "./bench-data.ts";
import { PEER_LOADS, type PeerName, SLOW_PEERS } from "./peer-loads.ts";

type Format = NonNullable<VictoriaMetricsOptions["format"]>;
type FixedCompression = Exclude<CompressionChoice, "auto">;

/** A way to bring samples into a database. */
export type FormatRow =
  | { readonly kind: "sink"; readonly format: Format; readonly compression: FixedCompression }
  | { readonly kind: "peer"; readonly peer: PeerName };

// Objects, so that the compiler misses a format or a compression that is new.
const FORMATS: Readonly<Record<Format, true>> = {
  "remote-write": true,
  json: true,
  prometheus: true,
};
const COMPRESSIONS: Readonly<Record<FixedCompression, true>> = {
  none: true,
  zstd: true,
  gzip: true,
};

/** Slow peers get one part of this many. */
const SLOW_SHARE = 4;

/** Every format of the sink with every compression that it offers for it, its default first; then the peers. */
export function formatRows(): readonly FormatRow[] {
  const formats = Object.keys(FORMATS) as Format[];
  const compressions = Object.keys(COMPRESSIONS) as FixedCompression[];
  const offered = formats
    .flatMap((format) => compressions.map((compression) => ({ format, compression })))
    .filter(isOffered);
  return [
    ...offered.map((options) => ({ kind: "sink" as const, ...options })),
    ...(Object.keys(PEER_LOADS) as PeerName[]).map((peer) => ({ kind: "peer" as const, peer })),
  ];
}

/** What a row loads of the data: slow peers a quarter of the series, so that new ones cost as much a sample. */
export function sizeOf(row: FormatRow, size: DataSize): DataSize {
  if (row.kind === "sink" || !SLOW_PEERS.has(row.peer)) return size;
  return { ...size, series: Math.ceil(size.series / SLOW_SHARE) };
}

/** What a row is called in the table; an asterisk stands for {@link sizeOf} less than all. */
export function rowName(row: FormatRow): string {
  if (row.kind === "peer") return SLOW_PEERS.has(row.peer) ? `${row.peer} *` : row.peer;
  return row.compression === "none" ? row.format : `${row.format} + ${row.compression}`;
}

/** The sink itself says which go together. */
function isOffered(options: Pick<VictoriaMetricsOptions, "format" | "compression">): boolean {
  try {
    victoriaMetrics({ url: "http://127.0.0.1", ...options });
    return true;
  } catch (error) {
    if (MillraceError.is(error) && error.code === "INVALID_OPTION") return false;
    throw error;
  }
}
