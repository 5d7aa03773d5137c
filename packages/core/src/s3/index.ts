/**
 * Objects in S3 and in what speaks its protocol, read in parts.
 *
 * @packageDocumentation
 */

export type { S3ClientClass, S3Command, S3LibraryClient } from "./s3-library.ts";
export {
  type ObjectRange,
  type ObjectReader,
  type S3Client,
  type S3Library,
  type S3ObjectsOptions,
  type StoredObject,
  s3Objects,
} from "./s3-objects.ts";
