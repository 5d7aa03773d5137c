/**
 * The short list of `--default-metrics`: what an engineer looks at first, for arrays, controllers, pools,
 * LUNs, disks, ports, hosts and file services.
 */
export const DEFAULT_METRIC_IDS: readonly number[] = [
  // load: usage, queue, CPU and cache
  18, 19, 67, 68, 69, 110, 120, 217, 218, 250,
  // block throughput and rates, total and split
  5, 21, 22, 23, 25, 26, 28, 307, 311, 312, 313,
  // I/O sizes
  24, 27, 228,
  // response times
  78, 79, 369, 370, 371, 382, 383, 384, 385, 508, 509, 523, 524, 525,
  // cache
  80, 93, 95, 303, 333,
  // file services
  232, 233, 476, 511, 512, 1627, 1628, 1629, 1630, 1631, 1632,
  // space
  462, 463, 1090, 90001, 90002, 90003, 90004,
];
