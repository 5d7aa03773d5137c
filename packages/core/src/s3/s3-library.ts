import { MillraceError } from "../errors.ts";

/** What is used of the package's client. */
export interface S3LibraryClient {
  /** Sends one request; resolves to the answer. */
  send(command: never, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
  /** Closes its connections. */
  destroy(): void;
}

/** The class of that client. */
export type S3ClientClass = new (options: object) => S3LibraryClient;

/** The part of the package `@aws-sdk/client-s3` that is used. */
export interface S3Library {
  readonly S3Client: S3ClientClass;
  readonly ListObjectsV2Command: S3Command;
  readonly HeadObjectCommand: S3Command;
  readonly GetObjectCommand: S3Command;
}

/** The part that a store needs, which also writes. */
export interface S3StoreLibrary extends S3Library {
  readonly PutObjectCommand: S3Command;
  readonly DeleteObjectCommand: S3Command;
  readonly CreateMultipartUploadCommand: S3Command;
  readonly UploadPartCommand: S3Command;
  readonly CompleteMultipartUploadCommand: S3Command;
  readonly AbortMultipartUploadCommand: S3Command;
}

/** The part of the package `@aws-sdk/s3-request-presigner` that is used. */
export interface S3Presigner {
  /** A URL for one request, which holds for so many seconds. */
  // biome-ignore lint/suspicious/noExplicitAny: the package has types of its own for both
  getSignedUrl(client: any, command: any, options: { expiresIn: number }): Promise<string>;
}

/** The classes as they are, held against what is used of them. */
type Package = {
  readonly S3Client: typeof import("@aws-sdk/client-s3").S3Client;
  readonly ListObjectsV2Command: typeof import("@aws-sdk/client-s3").ListObjectsV2Command;
  readonly HeadObjectCommand: typeof import("@aws-sdk/client-s3").HeadObjectCommand;
  readonly GetObjectCommand: typeof import("@aws-sdk/client-s3").GetObjectCommand;
  readonly PutObjectCommand: typeof import("@aws-sdk/client-s3").PutObjectCommand;
  readonly DeleteObjectCommand: typeof import("@aws-sdk/client-s3").DeleteObjectCommand;
  readonly CreateMultipartUploadCommand: typeof import("@aws-sdk/client-s3").CreateMultipartUploadCommand;
  readonly UploadPartCommand: typeof import("@aws-sdk/client-s3").UploadPartCommand;
  readonly CompleteMultipartUploadCommand: typeof import("@aws-sdk/client-s3").CompleteMultipartUploadCommand;
  readonly AbortMultipartUploadCommand: typeof import("@aws-sdk/client-s3").AbortMultipartUploadCommand;
};

type PresignerPackage = Pick<typeof import("@aws-sdk/s3-request-presigner"), "getSignedUrl">;

/** A request that is not sent yet. */
// biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own
export type S3Command = new (input: any) => unknown;

// A bundler must leave this alone: the package is large, and few need it.
const PACKAGE: string = "@aws-sdk/client-s3";
const PRESIGNER: string = "@aws-sdk/s3-request-presigner";

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadS3Library(): Promise<S3StoreLibrary> {
  try {
    const library: Package = await import(PACKAGE);
    return library;
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "s3: the package @aws-sdk/client-s3 cannot be loaded; install it: npm install @aws-sdk/client-s3@^3.1169.0",
      { cause },
    );
  }
}

/**
 * Loads the maker of URLs, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadS3Presigner(): Promise<S3Presigner> {
  try {
    const presigner: PresignerPackage = await import(PRESIGNER);
    return presigner;
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "s3: the package @aws-sdk/s3-request-presigner cannot be loaded; install it: npm install @aws-sdk/s3-request-presigner@^3.1169.0",
      { cause },
    );
  }
}
