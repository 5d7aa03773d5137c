/**
 * Series batches as Parquet files.
 *
 * @packageDocumentation
 */
export { type ParquetFile, type ParquetOptions, type ParquetResult, parquet } from "./parquet.ts";
export type {
  ParquetBytes,
  ParquetColumn,
  ParquetFileWriter,
  ParquetLibrary,
  ParquetWriterOptions,
} from "./parquet-library.ts";
