import type { Line } from "./metric-groups.ts";
import * as groups from "./metric-groups.ts";

const { blockWork, sizeDistribution, latencyDistribution, linkLatency, packets, network } = groups;
const { traffic, cacheHits, cacheUsage, fileWork, quota, capacity, replication } = groups;

const port = [...blockWork, ...sizeDistribution];
const netPort = [...port, ...packets, ...network];
const expansionPort = network;
const replicationLink = [...traffic, [370, 371], ...replication, [1262, 1634]];
const replicated = [...replication, [99, 1054, 699], [100]];
const migration = [
  [513, 514, 515, 516],
  [517, 518, 519, 520],
  [521, 522],
];
const cacheArea = [[303, 304, 1234], ...cacheHits, ...cacheUsage];
const smbController = [...groups.smb, ...fileWork];
const node = [[68, 217, 218], ...groups.nodeWork];
const share = fileWork;

/**
 * The resource types that an array reports as a rule, in the order in which an engineer looks at them,
 * and the metrics that each is known to have.
 */
export const usualResources: ReadonlyMap<number, readonly Line[]> = new Map([
  [
    207, // controller
    [
      ...groups.processor,
      ...blockWork,
      ...groups.backEnd,
      ...groups.cache,
      ...sizeDistribution,
      ...latencyDistribution,
      ...groups.management,
    ],
  ],
  [
    216, // storage pool
    [
      ...blockWork,
      [1251, 1252],
      ...capacity,
      ...groups.reduction,
      ...groups.deduplication,
      [1155, 1154, 1156, 1157],
      ...sizeDistribution,
      ...latencyDistribution,
    ],
  ],
  [266, [...blockWork, [808, 1075, 807], ...sizeDistribution, ...latencyDistribution]], // disk domain
  [
    11, // LUN
    [
      ...blockWork,
      ...cacheHits,
      ...cacheUsage,
      ...linkLatency,
      ...sizeDistribution,
      ...latencyDistribution,
      ...groups.offload,
    ],
  ],
  [272, [...traffic, [370, 384, 385], [371, 228, 19]]], // LUN priority
  [27, [[101, 105, 700]]], // snapshot LUN
  [21, [...blockWork, ...sizeDistribution, ...latencyDistribution, [1233]]], // host
  [10, [...blockWork, [265, 266], [240, 75], ...groups.diskLatencyDistribution]], // disk
  [212, [...port, ...linkLatency, [308, 309, 310]]], // FC port
  [213, netPort], // Ethernet port
  [279, [...blockWork, ...packets, ...network, [439]]], // logical port
  [57890, expansionPort],
  [225, replicationLink], // over FC
  [1000, groups.nfs], // NFSv3
  [1001, groups.nfs], // NFSv4
  [1002, smbController], // SMB 1
  [1003, smbController], // SMB 2 and 3
]);

/** Further resource types of which more than block work is known. */
const otherResources: ReadonlyMap<number, readonly Line[]> = new Map([
  [40, [...groups.fileSystemWork, ...capacity, ...groups.reduction]], // file system
  [201, [...blockWork, ...capacity]], // array
  [214, port], // back-end port
  [218, cacheArea], // SmartCache pool
  [219, [[801, 1277]]], // LUN copy
  [221, replicated], // consistency group
  [235, netPort], // bond port
  [237, [[303, 304], ...groups.cache]], // cache
  [243, replicationLink], // over iSCSI
  [252, port], // FCoE port
  [253, migration], // SmartMigration
  [263, replicated], // remote replication
  [273, cacheArea], // SmartCache partition
  [404, replicationLink], // over eiSCSI
  [
    659, // DataTurbo controller
    [
      [1268, 1269, 1270, 1263],
      [1265, 1266, 1267],
      [1271, 1272, 1273, 1264],
    ],
  ],
  [824, [[1644, 1645, 1336]]], // SmartMove pair
  [1006, [[1644, 1645, 1336]]], // SmartMove
  [1053, groups.objects], // S3
  [11110, [[801, 1277]]], // LUN clone
  [11111, [[801, 1277]]], // LUN clone group
  [16384, node], // cluster
  [16385, node],
  [16390, share], // client
  [16400, [...quota, ...fileWork]], // directory
  [16401, share], // NFS share
  [16402, share], // CIFS share
  [16458, quota], // quota tree
  [16500, netPort], // InfiniBand port
  [20486, replicationLink], // over IP
  [57636, groups.nfs], // NFSv4.1
  [57867, expansionPort],
]);

/** The metrics of a resource type, line by line; of one that nothing is known of, block work. */
export function linesOf(resourceId: number): readonly Line[] {
  return usualResources.get(resourceId) ?? otherResources.get(resourceId) ?? blockWork;
}
