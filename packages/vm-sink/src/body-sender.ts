import { MillraceError } from "@millrace/core";
import type { Body, BodyFormat } from "./encode/body-format.ts";
import type { Client } from "./wire/client.ts";
import type { Compressor } from "./wire/compress.ts";

/** A body as it goes over the wire. */
export interface WireBody {
  readonly body: Body;
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where it goes as the format made it. */
  readonly compressor: Compressor | undefined;
}

/** Answers of a server or a proxy to an encoding that it does not undo. */
const ABOUT_ENCODING: ReadonlySet<unknown> = new Set([400, 415]);

/**
 * Sends bodies, compressed where the database undoes it. The first one that it takes only uncompressed
 * ends compression for the run: a proxy or another version may have come between.
 */
export class BodySender {
  readonly #client: Client;
  readonly #format: BodyFormat;
  #compressor: Compressor | undefined;
  readonly #warn: (message: string) => void;

  constructor(
    client: Client,
    format: BodyFormat,
    compressor: Compressor | undefined,
    warn: (message: string) => void,
  ) {
    this.#client = client;
    this.#format = format;
    this.#compressor = compressor;
    this.#warn = warn;
  }

  /** The body as it is to be sent. Neither may change until it is answered. */
  async wrap(body: Body): Promise<WireBody> {
    const compressor = this.#compressor;
    return compressor === undefined ? this.#plain(body) : await this.#compressed(body, compressor);
  }

  /**
   * Settles when the database has the body.
   *
   * @param mayRepeat - send again even what may have been stored
   */
  async send(wire: WireBody, mayRepeat: boolean): Promise<void> {
    const { path } = this.#format;
    try {
      await this.#client.send(path, wire.headers, wire.bytes, mayRepeat);
    } catch (error) {
      if (wire.compressor === undefined || !isAboutEncoding(error)) throw error;
      const plain = this.#plain(wire.body);
      await this.#client.send(path, plain.headers, plain.bytes, mayRepeat);
      if (this.#compressor === undefined) return;
      this.#compressor = undefined;
      this.#warn(
        `${error.message} It takes the same without ${wire.compressor.name}, so the rest goes uncompressed.`,
      );
    }
  }

  #plain(body: Body): WireBody {
    const { headers } = this.#format;
    return { body, bytes: this.#format.finish(body), headers, compressor: undefined };
  }

  async #compressed(body: Body, compressor: Compressor): Promise<WireBody> {
    const bytes = await compressor.compress(this.#format.content(body));
    const headers = { ...this.#format.headers, "content-encoding": compressor.name };
    return { body, bytes, headers, compressor };
  }
}

function isAboutEncoding(error: unknown): error is MillraceError {
  return MillraceError.is(error) && ABOUT_ENCODING.has(error.details["status"]);
}
