import { hashOf, Random } from "./random.ts";

/**
 * What one element does during one block. Every metric of the element is derived from it, so that
 * totals are the sum of reads and writes and all charts of an element tell the same story.
 */
export interface ElementActivity {
  /** False for an element that nobody uses: its metrics are zero. */
  readonly active: boolean;
  /** Load per row, 0..1. */
  readonly load: Float64Array;
  readonly readIops: Int32Array;
  readonly writeIops: Int32Array;
  readonly totalIops: Int32Array;
  readonly readBandwidth: Int32Array;
  readonly writeBandwidth: Int32Array;
  readonly totalBandwidth: Int32Array;
}

/** Room for the activity of one element after the other; filled anew by `fillActivity`. */
export function createActivity(rows: number): ElementActivity & { active: boolean } {
  const column = (): Int32Array => new Int32Array(rows);
  return {
    active: true,
    load: new Float64Array(rows),
    readIops: column(),
    writeIops: column(),
    totalIops: column(),
    readBandwidth: column(),
    writeBandwidth: column(),
    totalBandwidth: column(),
  };
}

/**
 * Fills `activity` for the element with this seed: a working day with its peak in the afternoon, a
 * backup at night that only reads, noise, and a character (size, read share, block size) that the
 * element keeps for ever.
 */
export function fillActivity(
  activity: ElementActivity & { active: boolean },
  elementSeed: number,
  alwaysActive: boolean,
  startSeconds: number,
  intervalSeconds: number,
  random: Random,
): void {
  const character = new Random(hashOf(elementSeed, "character"));
  activity.active = character.float() > 0.25 || alwaysActive;
  const size = 40 * Math.exp(5.2 * character.float());
  const readShare = 0.25 + 0.6 * character.float();
  const kilobytes = 6 + 58 * character.float();
  const peakHour = 12 + 5 * character.float();
  const backupHour = 1 + 3 * character.float();
  const rows = activity.load.length;
  for (let row = 0; row < rows; row++) {
    const hour = ((startSeconds + row * intervalSeconds) % 86_400) / 3600;
    const day = 0.5 + 0.5 * Math.cos(((hour - peakHour) * Math.PI) / 12);
    const backup = hour >= backupHour && hour < backupHour + 0.75 ? 0.5 : 0;
    const load = Math.min(1, 0.06 + 0.8 * day * day + backup + 0.12 * (random.float() - 0.5));
    activity.load[row] = load;
    if (!activity.active) continue;
    const reads = Math.floor(size * load * (readShare + backup * (1 - readShare)));
    const writes = Math.floor(size * load * (1 - readShare) * (1 - backup));
    activity.readIops[row] = reads;
    activity.writeIops[row] = writes;
    activity.totalIops[row] = reads + writes;
    const readBandwidth = Math.floor((reads * kilobytes) / 1024);
    const writeBandwidth = Math.floor((writes * kilobytes) / 1024);
    activity.readBandwidth[row] = readBandwidth;
    activity.writeBandwidth[row] = writeBandwidth;
    activity.totalBandwidth[row] = readBandwidth + writeBandwidth;
  }
  if (!activity.active) {
    for (const column of [
      activity.readIops,
      activity.writeIops,
      activity.totalIops,
      activity.readBandwidth,
      activity.writeBandwidth,
      activity.totalBandwidth,
    ]) {
      column.fill(0);
    }
  }
}
