/** Kinds of resources that have a list of metrics. */
export type ResourceKind =
  | "controller"
  | "lun"
  | "host"
  | "disk"
  | "fibreChannelPort"
  | "nfsController"
  | "smbController"
  | "storagePool"
  | "diskDomain"
  | "lunPriority"
  | "expansionPort"
  | "snapshot"
  | "ethernetPort"
  | "logicalPort"
  | "replicationLink";

const blockWork = [18, 19, 21, 22, 23, 24, 25, 26, 27, 28];
const blockDetail = [5, 307, 228, 369, 370, 371, 382, 383, 384, 385];
const granularity = span(30, 51);
const latencyDistribution = span(392, 403);

/**
 * Metric ids per kind of resource, in the order in which they stand in `DataTypes`. The counts are
 * those of a real Dorado 6000 V6. Within one resource no two ids share a series name, see
 * `sharedNameIds` of the specification for that case.
 */
export const metricLists: Readonly<Record<ResourceKind, readonly number[]>> = {
  controller: [
    ...[68, 69, 217, 218, 70, 80, 81, 82, 88, 93, 95],
    ...blockWork,
    ...blockDetail,
    ...granularity,
    ...latencyDistribution,
    ...[108, 109, 110, 120, 1055, 1056, 1057, 1059, 1060],
    ...[1296, 1297, 1298, 1299, 1633],
    ...span(257, 262),
    ...[805, 806, 807, 89, 90, 91, 92, 97, 98],
    ...[1307, 1308, 1309, 1310, 1312, 1313, 1314, 1315, 1316],
  ],
  lun: [
    ...blockWork,
    ...blockDetail,
    ...granularity,
    ...latencyDistribution,
    ...[93, 95, 110, 120, 69, 1139, 1140],
    ...span(1154, 1181),
    ...span(1188, 1199),
  ],
  host: [...blockWork, ...blockDetail, ...granularity, ...latencyDistribution, 1233],
  disk: [...blockWork, ...blockDetail, ...span(199, 210), 265, 266, 240, 75],
  fibreChannelPort: [...blockWork, ...blockDetail, ...granularity, 1139, 1140, 308, 309, 310],
  nfsController: [
    ...[703, 709, 715, 721, 727, 733, 739, 745, 751, 757, 763],
    ...span(1099, 1109),
    ...span(1114, 1123),
    1128,
    ...span(1212, 1221),
    ...span(672, 680),
  ],
  smbController: [
    ...[706, 712, 718, 724, 730, 736, 742, 748, 754, 760, 766],
    ...span(1110, 1113),
    ...span(1124, 1127),
    ...[1280, 1283, 1286, 1289],
    ...span(1326, 1331),
    ...span(416, 421),
    ...[1141, 1142, 1629, 1630, 1638, 227, 1074, 435, 437],
    ...span(428, 433),
    ...[182, 1627],
  ],
  storagePool: [
    ...blockWork,
    ...blockDetail,
    ...granularity,
    ...latencyDistribution,
    ...span(90001, 90006),
    ...span(1090, 1094),
    ...span(1332, 1335),
    ...[1337, 1338],
    ...span(1154, 1157),
    ...[1251, 1252],
    ...span(1700, 1705),
    1717,
  ],
  diskDomain: [...blockWork, ...blockDetail, ...granularity, 808, 1075, 807],
  lunPriority: [21, 22, 23, 25, 26, 28, 370, 371, 384, 385, 19, 228],
  expansionPort: [1303, 1304, 1305, 1306],
  snapshot: [101, 105, 700],
  ethernetPort: [
    ...blockWork,
    ...blockDetail,
    ...span(30, 41),
    ...span(188, 191),
    ...span(1303, 1306),
  ],
  logicalPort: [
    ...blockWork,
    ...[228, 369, 370, 371, 384, 385],
    ...span(188, 191),
    1303,
    1304,
    1305,
    1306,
    439,
  ],
  replicationLink: [21, 22, 23, 25, 26, 28, 370, 371, 812, 813, 194, 1262],
};

function span(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
