import { decodeStart, type VideoIndex } from "../index/video-index.ts";

/** Packets to be decoded in one go: from where decoding may begin to the last one that is wanted. */
export interface DecodeRun {
  /** The first packet to feed. */
  readonly start: number;
  /** The packets whose pictures are wanted, rising; never empty. */
  readonly targets: readonly number[];
}

/**
 * What must be decoded for some packets, without decoding anything twice, in the order of the file.
 *
 * Packets that are reached from one key packet make one run, and so do those of a later key packet that the run
 * passes anyway, or ends at.
 */
export function planRuns(index: VideoIndex, packets: Iterable<number>): readonly DecodeRun[] {
  const { config } = index.track.packets;
  const wanted = [...new Set(packets)]
    .map((packet) => ({ packet, start: decodeStart(index, packet) }))
    .sort((a, b) => a.start - b.start || a.packet - b.packet);
  const runs: { start: number; targets: number[]; last: number }[] = [];
  for (const { packet, start } of wanted) {
    const run = runs.at(-1);
    if (run !== undefined && start <= run.last + 1 && config[start] === config[run.start]) {
      run.targets.push(packet);
      run.last = Math.max(run.last, packet);
    } else runs.push({ start, targets: [packet], last: packet });
  }
  return runs.map(({ start, targets }) => ({ start, targets: targets.sort((a, b) => a - b) }));
}

/** How many packets a plan decodes; no exact decoder that begins at key packets can do with fewer. */
export function plannedPackets(runs: readonly DecodeRun[]): number {
  return runs.reduce((sum, { start, targets }) => sum + (targets.at(-1) as number) - start + 1, 0);
}
