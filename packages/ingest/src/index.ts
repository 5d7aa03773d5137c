/**
 * Archives of storage metrics as series batches.
 *
 * @packageDocumentation
 */
export type { ArchiveMember, UnreadableMember } from "./archive/archive-member.ts";
export { type ArchiveOptions, archive } from "./archive/archive-source.ts";
export { findInput } from "./archive/find-input.ts";
export { type InputStampOptions, inputStamp } from "./archive/input-stamp.ts";
export type { ArchiveLimits } from "./archive/limits.ts";
export type { RemoteOptions } from "./archive/open-remote.ts";
export type { Document } from "./archive/read-tar.ts";
export type { RemoteRetry } from "./archive/remote-retry.ts";
export { type UnpackedMember, type UnpackOptions, unpack } from "./archive/unpack.ts";
export { type IngestOptions, ingest } from "./ingest.ts";
export type { Gap, InspectedArray, InspectedResource } from "./inspect/array-finder.ts";
export {
  type InspectedFile,
  type Inspection,
  type InspectOptions,
  inspect,
} from "./inspect/inspect.ts";
export type { ColumnNaming, ColumnSelection } from "./oceanstor/column-rules.ts";
export type { SharedName } from "./oceanstor/column-table.ts";
export { DEFAULT_METRIC_IDS } from "./oceanstor/default-metrics.ts";
export type { IdTableRows, MetricRow, Naming, ResourceRow } from "./oceanstor/id-tables.ts";
export {
  type OceanstorOptions,
  oceanstor,
  type PeriodFacts,
  type TableFacts,
} from "./oceanstor/oceanstor.ts";
export type { TimeBounds } from "./oceanstor/plausible-times.ts";
export { seedNaming } from "./oceanstor/seed-naming.ts";
export { seriesName } from "./oceanstor/series-name.ts";
export { type SeriesTitle, seriesTitle } from "./oceanstor/series-title.ts";
export type {
  ArchiveParser,
  MemberIdentity,
  ParsedDocument,
  ParserInput,
  RowCells,
  SampleBlock,
} from "./parser/archive-parser.ts";
export { type JoinOptions, joinBlocks } from "./parser/join-blocks.ts";
export { type OriginBlock, parseMembers } from "./parser/parse-members.ts";
export {
  type ArrayReport,
  type CollectReportOptions,
  collectReport,
  type FileCounts,
  type FileNote,
  type IngestReport,
} from "./report/ingest-report.ts";
export { type LabelChanges, labelMapping, mapLabels } from "./selection/map-labels.ts";
export { mapTables } from "./selection/map-tables.ts";
export { didYouMean } from "./selection/near-names.ts";
export { readTime } from "./selection/read-time.ts";
