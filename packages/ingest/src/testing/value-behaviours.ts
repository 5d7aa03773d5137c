import type { ElementActivity } from "./element-activity.ts";
import type { Random } from "./random.ts";

/** Where one column of a row-major matrix lies. */
export interface Column {
  readonly values: Int32Array;
  readonly offset: number;
  readonly stride: number;
  readonly rows: number;
}

/**
 * Writes one column. `trait` is a fixed number in 0..1 of this element and metric; it decides what
 * stays the same from file to file, `random` what changes from row to row.
 */
export type ValueBehaviour = (
  column: Column,
  activity: ElementActivity,
  trait: number,
  random: Random,
) => void;

/** The behaviour of a metric id; an unknown id gets a sparse counter. */
export function behaviourOf(metricId: number): ValueBehaviour {
  return behaviours.get(metricId) ?? rare;
}

const behaviours = new Map<number, ValueBehaviour>();

const copy =
  (pick: (activity: ElementActivity) => Int32Array): ValueBehaviour =>
  ({ values, offset, stride, rows }, activity) => {
    const from = pick(activity);
    for (let row = 0; row < rows; row++) values[offset + row * stride] = from[row] as number;
  };

/** A level that moves with the load, plus `spread` of noise, kept in 0..`limit`. */
const follow =
  (idle: number, busy: number, spread: number, limit = 0x7fffffff): ValueBehaviour =>
  ({ values, offset, stride, rows }, { load, active }, trait, random) => {
    if (!active) return;
    const low = idle * (0.5 + trait);
    const high = busy * (0.5 + trait) - low;
    for (let row = 0; row < rows; row++) {
      const level = low + high * (load[row] as number) + spread * (random.float() - 0.5);
      values[offset + row * stride] = Math.max(0, Math.min(limit, level));
    }
  };

/**
 * Mostly one value, in one row of `2 ** quiet` one more or one less. A part `share` of the elements
 * has it at all.
 */
const steady =
  (low: number, high: number, share = 1, quiet = 2): ValueBehaviour =>
  ({ values, offset, stride, rows }, { active }, trait, random) => {
    if (!active || trait > share) return;
    const level = Math.round(low + ((high - low) * trait) / share);
    for (let row = 0; row < rows; row++) {
      const draw = random.next();
      const step = draw >>> (32 - quiet) === 0 && level > 0 ? (draw & 1 ? 1 : -1) : 0;
      values[offset + row * stride] = level + step;
    }
  };

/** Average or worst time of an operation: rises with the load, with spikes. */
const latency =
  (base: number, spikes: number): ValueBehaviour =>
  ({ values, offset, stride, rows }, { load, active }, trait, random) => {
    if (!active) return;
    const typical = base * (0.6 + 0.8 * trait);
    for (let row = 0; row < rows; row++) {
      const draw = random.next();
      const spike = draw < spikes * 0x1_0000_0000 ? 4 + (draw & 7) : 1;
      const level = typical * (0.8 + 0.9 * (load[row] as number) + 0.4 * random.float());
      values[offset + row * stride] = level * spike;
    }
  };

const constant =
  (low: number, high: number): ValueBehaviour =>
  ({ values, offset, stride, rows }, _activity, trait) => {
    const level = Math.round(low + (high - low) * trait);
    for (let row = 0; row < rows; row++) values[offset + row * stride] = level;
  };

/** Zero nearly everywhere; a few elements see a few events. */
const rare: ValueBehaviour = ({ values, offset, stride, rows }, { active }, trait, random) => {
  if (!active || trait > 0.12) return;
  for (let row = 0; row < rows; row++) {
    const draw = random.next();
    values[offset + row * stride] = (draw & 7) === 0 ? (draw >>> 8) % 40 : 0;
  }
};

const never: ValueBehaviour = () => {};

const total = copy((activity) => activity.totalIops);
const read = copy((activity) => activity.readIops);
const write = copy((activity) => activity.writeIops);
const totalMegabytes = copy((activity) => activity.totalBandwidth);
const readMegabytes = copy((activity) => activity.readBandwidth);
const writeMegabytes = copy((activity) => activity.writeBandwidth);
const usage = follow(4, 60, 6, 100);
const percent = follow(10, 40, 4, 100);
const hitRatio = steady(82, 100, 1, 1);
const share = steady(0, 60, 0.5, 1);

function assign(behaviour: ValueBehaviour, ...ids: readonly number[]): void {
  for (const id of ids) behaviours.set(id, behaviour);
}
function assignSpan(behaviour: ValueBehaviour, first: number, last: number): void {
  for (let id = first; id <= last; id++) behaviours.set(id, behaviour);
}

assign(total, 22, 1251, 257, 721, 724, 1268);
assign(read, 25, 258, 727, 730, 1627);
assign(write, 28, 259, 733, 736);
assign(totalMegabytes, 21, 1252, 260, 703, 706, 1638);
assign(readMegabytes, 23, 261, 709, 712, 1629);
assign(writeMegabytes, 26, 262, 715, 718, 1630);
assign(usage, 18, 66, 67, 68, 217, 808, 1075, 1296, 1297, 1298, 1299, 1633);
assign(percent, 69, 80, 81, 88, 108, 109, 110, 120, 1055, 1056, 1057, 1059, 1060, 1233);
assign(hitRatio, 93, 95);
assign(steady(60, 80), 218);
assign(constant(0, 0), 70, 308, 309, 310, 739, 742);
assign(follow(0, 4, 2), 19, 240);
assign(follow(40, 900, 30), 5, 82, 811, 812, 813, 194);
assign(follow(900, 9000, 200), 307);
assign(steady(8, 64), 24, 27, 228);
assign(steady(30, 70), 265, 266);
assign(latency(180, 0.002), 369, 370, 384, 385, 805, 806, 807);
assign(latency(1400, 0.02), 371, 382, 383);
assign(latency(90, 0.001), 745, 748, 751, 754, 757, 760, 1139, 1140);
assign(never, 763, 766);
assignSpan(share, 30, 51);
assignSpan(share, 199, 210);
assignSpan(share, 392, 403);
assignSpan(steady(0, 900, 0.2), 1099, 1109);
assignSpan(steady(60, 400, 0.2), 1114, 1128);
assignSpan(steady(0, 12, 0.4), 428, 433);
assignSpan(steady(0, 12, 0.4), 416, 421);
assign(steady(4, 40), 1141, 1142, 227);
assignSpan(follow(5, 700, 60), 89, 92);
assign(follow(5, 300, 30), 97, 98);
assignSpan(steady(0, 9, 0.7), 1307, 1316);
assignSpan(follow(100, 4000, 100), 1303, 1306);
assignSpan(follow(100, 4000, 100), 188, 188);
assign(steady(28, 41), 75);
assign(constant(40_000_000, 90_000_000), 90001);
assign(steady(12_000_000, 30_000_000), 90002, 90005);
assign(steady(10_000_000, 50_000_000), 90003);
assign(constant(30, 70), 90004, 90006);
assignSpan(steady(1200, 4200), 1090, 1094);
assign(follow(0, 60, 8), 1332, 1333, 1337, 1338, 1717, 1262);
