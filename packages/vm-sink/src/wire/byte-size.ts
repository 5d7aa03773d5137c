/** VictoriaMetrics takes decimal and binary units, in any case, as `-maxInsertRequestSize=64KB`. */
const UNIT_BYTES: Readonly<Record<string, number>> = {
  "": 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
  TIB: 1024 ** 4,
};
const SIZE = /^(\d+(?:\.\d+)?(?:e\+?\d+)?)\s*([KMGT]I?B)?$/i;

/**
 * The bytes of a size flag: `33554432`, `64KB` (1000 each), `32MiB` (1024 each).
 *
 * @returns undefined for text of another form
 */
export function byteSize(flag: string): number | undefined {
  const [, amount, unit = ""] = SIZE.exec(flag.trim()) ?? [];
  if (amount === undefined) return undefined;
  return Math.floor(Number(amount) * (UNIT_BYTES[unit.toUpperCase()] as number));
}
