import type { PacketTable } from "../container/packet-table.ts";

/**
 * The packets of a table in the order of their pts; those of one pts in the order of decoding.
 *
 * Packets are nearly in that order already, so each one moves a few places at most: the cost is that of one pass.
 */
export function presentationOrder({ pts, count }: PacketTable): Uint32Array {
  const order = new Uint32Array(count);
  let moves = 0;
  for (let packet = 0; packet < count; packet++) {
    const time = pts[packet] as number;
    let at = packet;
    while (at > 0 && (pts[order[at - 1] as number] as number) > time) {
      order[at] = order[at - 1] as number;
      at -= 1;
      moves += 1;
    }
    order[at] = packet;
    // Times that go back far, as an attacker or a splice would have them, are left to a real sort.
    if (moves > 64 * (packet + 1024)) return sorted(pts, count);
  }
  return order;
}

function sorted(pts: Float64Array, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, packet) => packet).sort(
    (a, b) => (pts[a] as number) - (pts[b] as number) || a - b,
  );
}
