import { metricLists } from "./metric-lists.ts";

/** One kind of resource of an array: which elements it has and what is measured on each. */
export interface ResourceShape {
  /** Resource id as the vendor numbers them, e.g. 11 = LUN. */
  readonly id: number;
  /** How many elements the whole array has, over all its controllers. */
  readonly elements: number;
  /** Metric ids in the order of `DataTypes`. */
  readonly metricIds: readonly number[];
  /** Name of the element with this index, unique within the resource. */
  elementName(index: number): string;
}

/**
 * The shape of an array: its resources in the order in which they stand in the map of a block.
 * The order is on purpose not the numeric one: a reader that lets a JSON parser sort the
 * integer-like keys finds every value in the wrong column.
 */
export interface ArchiveProfile {
  readonly name: string;
  readonly model: string;
  readonly resources: readonly ResourceShape[];
}

/** The built-in profiles. */
export type ArchiveProfileName = "dorado6000" | "dorado5500" | "tiny";

/** Looks up a built-in profile. */
export function profileOf(name: ArchiveProfileName): ArchiveProfile {
  return profiles[name];
}

const pad = (value: number, width: number): string => String(value).padStart(width, "0");
const side = (index: number): string => (index % 2 === 0 ? "A" : "B");
const half = (index: number): number => Math.floor(index / 2);

const controllerName = (index: number): string => `${half(index)}${side(index)}`;
const lunName = (index: number): string =>
  index % 3 === 2 ? `dc1_zvirtprod${pad(index, 2)}` : `prd.zvirt.${pad(index, 2)}`;
const hostName = (index: number): string =>
  index % 4 === 3 ? `esx-${pad(index, 3)} (dc2)` : `zvirt-node${pad(index, 3)}`;
const diskName = (index: number): string =>
  index < 36 ? `CTE0.${index}` : `DAE${pad(Math.floor(index / 36) * 10, 3)}.${index % 36}`;
const portName = (index: number): string =>
  `CTE0.${side(index)}.IOM${half(index) >> 2}.P${half(index) % 4}`;

const nasControllers = (elements: number): readonly ResourceShape[] => [
  shape(1000, elements, metricLists.nfsController, controllerName),
  shape(1001, elements, metricLists.nfsController, controllerName),
  shape(1002, elements, metricLists.smbController, controllerName),
  shape(1003, elements, metricLists.smbController, controllerName),
];

const profiles: Record<ArchiveProfileName, ArchiveProfile> = {
  // 8,277 series: the row statistics of a real 24 h archive.
  dorado6000: {
    name: "dorado6000",
    model: "OceanStor_Dorado_6000_V6",
    resources: [
      shape(207, 2, metricLists.controller, controllerName),
      shape(216, 1, metricLists.storagePool, (index) => `StoragePool${pad(index + 1, 3)}`),
      shape(11, 38, metricLists.lun, lunName),
      shape(212, 8, metricLists.fibreChannelPort, portName),
      shape(10, 36, metricLists.disk, diskName),
      shape(21, 35, metricLists.host, hostName),
      ...nasControllers(2),
      shape(266, 1, metricLists.diskDomain, (index) => `DiskDomain${pad(index + 1, 3)}`),
      shape(272, 6, metricLists.lunPriority, priorityName),
      shape(
        57890,
        4,
        metricLists.expansionPort,
        (index) => `CTE0.${side(index)}.EXP${half(index)}`,
      ),
      shape(27, 1, metricLists.snapshot, (index) => `snap_${pad(index, 4)}`),
    ],
  },
  // 29,767 series over two controllers, 775 pairs of resource and metric.
  dorado5500: {
    name: "dorado5500",
    model: "OceanStor_Dorado_5500_V6",
    resources: [
      shape(207, 2, metricLists.controller, controllerName),
      shape(216, 4, metricLists.storagePool, (index) => `StoragePool${pad(index + 1, 3)}`),
      shape(11, 158, metricLists.lun, lunName),
      shape(212, 32, metricLists.fibreChannelPort, portName),
      shape(213, 16, metricLists.ethernetPort, (index) => `CTE0.${side(index)}.H${half(index)}`),
      shape(10, 120, metricLists.disk, diskName),
      shape(21, 92, metricLists.host, hostName),
      shape(279, 24, metricLists.logicalPort, (index) => `lif_${pad(index, 2)}`),
      shape(225, 8, metricLists.replicationLink, (index) => `link ${index}`),
      ...nasControllers(2),
      shape(266, 4, metricLists.diskDomain, (index) => `DiskDomain${pad(index + 1, 3)}`),
      shape(272, 12, metricLists.lunPriority, priorityName),
      shape(
        57890,
        16,
        metricLists.expansionPort,
        (index) => `CTE0.${side(index)}.EXP${half(index)}`,
      ),
      shape(27, 81, metricLists.snapshot, (index) => `snap_${pad(index, 4)}`),
    ],
  },
  // 55 series, every order of keys and every way of splitting still present.
  tiny: {
    name: "tiny",
    model: "OceanStor_Dorado_3000_V6",
    resources: [
      shape(207, 2, [68, 69, 22, 25, 28, 18], controllerName),
      shape(11, 3, [18, 19, 22, 25, 28, 21, 23, 26, 370, 384, 385], lunName),
      shape(1000, 1, [745, 721, 727], controllerName),
      shape(10, 2, [18, 75], diskName),
      shape(216, 1, [90001, 90002, 90004], (index) => `StoragePool${pad(index + 1, 3)}`),
    ],
  },
};

function priorityName(index: number): string {
  return `${["Low", "Medium", "High"][index % 3]}${index < 3 ? "" : ` ${Math.floor(index / 3)}`}`;
}

function shape(
  id: number,
  elements: number,
  metricIds: readonly number[],
  elementName: (index: number) => string,
): ResourceShape {
  return { id, elements, metricIds, elementName };
}
