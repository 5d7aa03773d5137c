/**
 * Archives to test with: a generator in the vendor's byte format that knows the truth; and the
 * conformance suite of parsers.
 *
 * The suite needs Vitest and writing zips needs yazl (optional peer dependencies).
 *
 * @packageDocumentation
 */
export type { ArchiveSpec, ArraySpec } from "./archive-spec.ts";
export {
  type DescribeParserOptions,
  describeParser,
  type ExpectedSeries,
  type ParserDocument,
  type ParserExample,
} from "./describe-parser.ts";
export { type FaultKind, type FaultPlan, type FileOutcome, faultKinds } from "./faults.ts";
export { type ArchiveTotals, type GeneratedArchive, generateArchive } from "./generate-archive.ts";
export type { GeneratedFile } from "./generated-file.ts";
export {
  type ArchiveProfile,
  type ArchiveProfileName,
  profileOf,
  type ResourceShape,
} from "./profiles.ts";
export type { TruthSeries } from "./truth.ts";
export {
  type WriteZipOptions,
  type WrittenArchive,
  writeFolder,
  writeTgz,
  writeZip,
} from "./write-archive.ts";
