/** One block of a hand-made `.dat`. */
export interface DatBlock {
  readonly start?: number;
  readonly end?: number;
  readonly interval?: number;
  /** Text of the object behind `"Map":`. @defaultValue two LUNs with the metrics 22 and 18 */
  readonly map?: string;
  /** The whole map text, instead of the fields above. */
  readonly text?: string;
  /** Row-major. @defaultValue counts up from 1, as many as the map asks for */
  readonly values?: readonly number[];
  /** Replaces the declared length. */
  readonly length?: number;
  /** Replaces the type, which is 0. */
  readonly type?: number;
}

/** The map of {@link DatBlock} by default: 4 columns. */
export const TWO_LUNS: string =
  '{"11":{"IDs":["11:0","11:1"],"Names":["lun_a","lun_b"],"DataTypes":[22,18]}}';

/** A `.dat` from its description; three rows, one minute apart, unless said otherwise. */
export function datBytes(blocks: readonly DatBlock[] = [{}], tail: Uint8Array = Buffer.of()) {
  const header = Buffer.alloc(337);
  header.write("SN_2102355HEADER00001", 36);
  header.write("Dorado_Test", 292);
  return Buffer.concat([header, ...blocks.map(blockBytes), tail]);
}

/** One block by itself. */
export function blockBytes(block: DatBlock): Buffer {
  const { start = 1_760_000_040, interval = 60, end = start + 3 * interval } = block;
  const { map = TWO_LUNS, values = Array.from({ length: 12 }, (_, i) => i + 1) } = block;
  const text = Buffer.from(
    block.text ??
      `{"EndTime":${end},"StartTime":${start},"Archive":${interval},"CtrlID":0,"Map":${map}}`,
  );
  const head = Buffer.alloc(8);
  head.writeInt32LE(block.type ?? 0, 0);
  head.writeInt32LE(block.length ?? text.length + 8, 4);
  const rows = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) rows.writeInt32LE(value, i * 4);
  return Buffer.concat([head, text, rows]);
}
