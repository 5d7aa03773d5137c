/** Metrics whose panels stand side by side. Several ids may share a panel, see `metricPanels`. */
export type Line = readonly number[];

const span = (first: number, last: number): Line =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** IOPS and bandwidth, total, read and write. */
export const traffic: readonly Line[] = [
  [22, 25, 28],
  [21, 23, 26],
];

/** What every block resource reports: traffic, latency, peaks, sizes, load. Older arrays count in ms. */
export const blockWork: readonly Line[] = [
  ...traffic,
  [370, 384, 385, 78, 197, 198],
  [371, 382, 383, 79, 195, 196],
  [307, 5],
  [228, 24, 27],
  [18, 19, 369],
];
/** How large reads and writes are. */
export const sizeDistribution: readonly Line[] = [span(30, 51)];
/** How long reads and writes take, on flash. */
export const latencyDistribution: readonly Line[] = [span(392, 403)];
/** The same on disks that turn. */
export const diskLatencyDistribution: readonly Line[] = [span(199, 210)];
export const linkLatency: readonly Line[] = [[1139, 1140]];

/** Commands that a LUN carries out by itself: IOPS, bandwidth, size, latency of each kind. */
export const offload: readonly Line[] = [
  [1155, 1154, 1156, 1157], // unmap
  [1159, 1158, 1160, 1161], // WRITE SAME
  [1163, 1162, 1164, 1165], // full copy, read
  [1167, 1166, 1168, 1169], // full copy, write
  [1171, 1170, 1172, 1173], // ODX, read
  [1175, 1174, 1176, 1177], // ODX, write
  [1179, 1178, 1180, 1181], // ODX, write zero
  [1189, 1188, 1190, 1191], // VAAI
  [1193, 1192, 1194, 1195], // DR, read
  [1197, 1196, 1198, 1199], // DR, write
];

export const processor: readonly Line[] = [
  [68, 217, 1633],
  [1297, 1298, 1296, 1299],
  [218, 69, 70],
];
export const cacheHits: readonly Line[] = [[93, 95]];
export const cacheUsage: readonly Line[] = [[69, 110, 120]];
export const cache: readonly Line[] = [
  ...cacheHits,
  [110, 120],
  [108, 109],
  [80, 88],
  [81, 82],
  [89, 90],
  [91, 92],
  [97, 98],
  [1055, 1056, 1057],
  [1059, 1060],
];
export const backEnd: readonly Line[] = [
  [257, 258, 259],
  [260, 261, 262],
  [807, 805, 806],
];
/** Requests of the management software. */
export const management: readonly Line[] = [
  [1307, 1309, 1310],
  [1308, 1311],
  [1312, 1314, 1315],
  [1313, 1316],
];

export const capacity: readonly Line[] = [
  [90001, 90002, 90003],
  [90004, 90005, 90006],
];
export const reduction: readonly Line[] = [
  [1090, 1091, 1092],
  [1093, 1094],
];
export const deduplication: readonly Line[] = [
  [1332, 1333],
  [1334, 1335],
  [1337, 1338],
  [1701, 1717],
  [1700, 1702, 1703],
  [1704, 1705],
];

export const packets: readonly Line[] = [[188, 189, 190, 191]];
export const network: readonly Line[] = [
  [1305, 1306],
  [1303, 1304],
];
export const replication: readonly Line[] = [[194, 812, 813]];

/** Protocol NFS: rates, bandwidth and latency, then the calls one by one. */
export const nfs: readonly Line[] = [
  [721, 727, 733, 739],
  [703, 709, 715],
  [745, 751, 757, 763],
  [1102, 1099, 1106, 1103],
  [1109, 1100, 1101],
  [1104, 1105, 1107, 1108],
  span(1212, 1216),
  [1117, 1114, 1122, 1118],
  [1128, 1115, 1116],
  [1119, 1120, 1121, 1123],
  span(1217, 1221),
  span(672, 693),
];
/** Protocol SMB, which the vendor calls CIFS. */
export const smb: readonly Line[] = [
  [724, 730, 736, 742],
  [706, 712, 718],
  [748, 754, 760, 766],
  span(1110, 1113),
  span(1124, 1127),
  [1280, 1283],
  [1286, 1289],
  [1326, 1327],
  [1328, 1329],
  [1330, 1331],
  [416, 420, 418],
  [417, 421, 419],
  [428, 432, 430],
  [429, 433, 431],
  [1142, 1141, 227],
  [435, 437, 1074],
];
/** Operations on files, whatever the protocol. */
export const fileWork: readonly Line[] = [
  [182, 1627, 1628],
  [1638, 1629, 1630],
  [1631, 1632],
];
export const fileSystemWork: readonly Line[] = [
  [476, 232, 233],
  [511, 312, 313],
  [508, 524, 525],
  [509, 510, 523],
  [462, 463],
];
export const quota: readonly Line[] = [
  [90018, 90016, 90017],
  [90021, 90019, 90020],
];
/** Object storage: rates, bandwidth and latency, then the calls one by one. */
export const objects: readonly Line[] = [
  [90114, 90127, 90126, 90128],
  [90115, 90116, 90117],
  [90113, 90125, 90124, 90129],
  span(90086, 90089),
  span(90090, 90093),
  span(90094, 90096),
  [90097, 90098],
  span(90119, 90121),
  span(90099, 90102),
  span(90103, 90106),
  span(90107, 90109),
  [90110, 90111],
];
/** What a node of a scale-out array does, protocol by protocol. */
export const nodeWork: readonly Line[] = [
  [30006, 30004, 30005],
  [30003, 30001, 30002],
  [30015, 30013, 30008],
  [30058, 30056, 30057],
  [30055, 30053, 30054],
  [30052, 30045, 30046],
  [30051, 30043, 30044],
  [50006, 50004, 50005],
  [50003, 50001, 50002],
];
