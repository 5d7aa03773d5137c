import { DraftFile } from "../csv/draft-file.ts";
import type {
  ParquetBytes,
  ParquetFileWriter,
  ParquetLibrary,
  ParquetWriterOptions,
} from "./parquet-library.ts";
import { type RowGroup, schemaOf } from "./row-group.ts";

/** One Parquet file in the making. */
export class ParquetPart {
  readonly #draft: DraftFile;
  /** Let go of once the file is sealed: it holds what is known of every row group. */
  #open: { readonly bytes: ParquetBytes; readonly writer: ParquetFileWriter } | undefined;
  #groups = 0;
  #samples = 0;

  /** @param path - what the file will be called */
  constructor(folder: string, path: string, labels: readonly string[], library: ParquetLibrary) {
    this.#draft = new DraftFile(folder, `parquet: ${path}`);
    const bytes = new library.ByteWriter();
    const schema = schemaOf(labels);
    const options: ParquetWriterOptions = { writer: bytes, schema, createdBy: "millrace" };
    this.#open = { bytes, writer: new library.ParquetWriter(options as never) };
  }

  /** Row groups written so far. */
  get groups(): number {
    return this.#groups;
  }

  /** Rows written so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Bytes on the disk so far. */
  get sizeBytes(): number {
    return this.#draft.sizeBytes;
  }

  /** Writes all rows of the group, which is empty afterwards. */
  async write(group: RowGroup): Promise<void> {
    if (group.size === 0 || this.#open === undefined) return;
    this.#groups += 1;
    this.#samples += group.size;
    group.writeTo(this.#open.writer);
    await this.#flush(this.#open.bytes);
  }

  /** Writes the end of the file and brings it to the disk. */
  async seal(): Promise<void> {
    if (this.#open === undefined) return;
    const { bytes, writer } = this.#open;
    this.#open = undefined;
    writer.finish();
    await this.#flush(bytes);
    await this.#draft.seal();
  }

  /** Gives the sealed file its name. */
  publish(path: string): Promise<void> {
    return this.#draft.publish(path);
  }

  /** Removes the file unless it was published; never rejects. */
  discard(): Promise<void> {
    return this.#draft.discard();
  }

  async #flush(bytes: ParquetBytes): Promise<void> {
    await this.#draft.append(bytes.getBytes());
    bytes.index = 0;
  }
}
