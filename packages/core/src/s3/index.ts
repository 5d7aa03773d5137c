/**
 * Objects in S3 and in what speaks its protocol: read in parts, or kept as an object store.
 *
 * @packageDocumentation
 */

export type { StoredObject } from "../objects/object-store.ts";
export type {
  S3ClientClass,
  S3Command,
  S3Library,
  S3LibraryClient,
  S3Presigner,
  S3StoreLibrary,
} from "./s3-library.ts";
export {
  type ObjectRange,
  type ObjectReader,
  type S3ObjectsOptions,
  s3Objects,
} from "./s3-objects.ts";
export type { S3Client, S3ConnectionOptions } from "./s3-requests.ts";
export { type S3StoreOptions, s3Store } from "./s3-store.ts";
