import type { ObjectReader } from "@millrace/core/s3";
import type { Container } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";
import { openAccess } from "./open-access.ts";
import { isS3 } from "./remote-input.ts";
import type { RemoteRetry } from "./remote-retry.ts";
import { openObject, openPrefix } from "./s3-access.ts";

/** How inputs on other machines are reached. */
export interface RemoteOptions {
  /**
   * Whether a URL may lead to this machine, its network or its provider's metadata service. Leave it off
   * where others name the URLs. @defaultValue false
   */
  readonly allowPrivateAddresses?: boolean;
  /** When a request to a web server is tried again; S3's client has rules of its own. */
  readonly retry?: Partial<RemoteRetry>;
  /** Reads `s3://…`; it is yours to close. @defaultValue `s3Objects()` of `@millrace/core/s3` */
  readonly objects?: ObjectReader;
}

/** Opens `https://…`, `http://…` or `s3://…`. */
export async function openRemote(
  input: string,
  limits: ArchiveLimits,
  options: RemoteOptions,
  signal: AbortSignal | undefined,
): Promise<Container> {
  if (isS3(input)) return await openS3(input, limits, options, signal);
  // Loaded here, so that reading files does not wait for it. A bundler has no names for a lazy CommonJS
  // module such as undici, so the module of ours that needs it is the lazy one.
  const { openHttp } = await import("./http-access.ts");
  const { access, path, warnings } = await openHttp(input, limits, options, signal);
  const container = await openAccess(access, limits, path);
  return { ...container, warnings: [...warnings, ...(container.warnings ?? [])] };
}

async function openS3(
  input: string,
  limits: ArchiveLimits,
  options: RemoteOptions,
  signal: AbortSignal | undefined,
): Promise<Container> {
  const own = options.objects === undefined;
  // Loaded here, so that reading files does not wait for it.
  const objects = options.objects ?? (await import("@millrace/core/s3")).s3Objects();
  const close = async (): Promise<void> => {
    if (own) await objects.close();
  };
  try {
    const container = input.endsWith("/")
      ? await openPrefix(input, objects, limits, signal)
      : await openAccess(await openObject(input, objects, signal), limits);
    return {
      ...container,
      async [Symbol.asyncDispose]() {
        await container[Symbol.asyncDispose]();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
