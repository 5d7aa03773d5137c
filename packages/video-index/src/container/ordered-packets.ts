import type { VideoDecoderConfig } from "@millrace/media";
import { pictureOrderReader } from "../bitstream/picture-order.ts";
import { randomAccessOf } from "../bitstream/random-access.ts";
import { PacketFlag, type PacketTable, packetTableBuilder } from "./packet-table.ts";

/** Collects the packets of a container that has no times: they follow from the order of pictures in the bitstream. */
export interface OrderedPackets {
  readonly count: number;
  /**
   * Adds the next packet.
   *
   * @param head - its first bytes, enough for the header of its first slice
   */
  add(offset: number, size: number, head: Uint8Array, cut: boolean): void;
  /** The frame before stays for as long as another one: a packet without bytes says so. */
  addRepeat(): void;
  /** The table, one tick a frame, every packet flagged as estimated. */
  build(): PacketTable;
}

/** @param config - its description, where it has one, holds the parameter sets */
export function orderedPackets(config: VideoDecoderConfig): OrderedPackets {
  const reader = pictureOrderReader(config);
  const builder = packetTableBuilder();
  const groups: { readonly first: number; readonly orders: number[]; readonly times: number[] }[] =
    [];
  let time = 0;
  return {
    get count() {
      return builder.count;
    },
    add(offset, size, head, cut) {
      const { startsGroup, order } = reader.next(head);
      if (startsGroup || groups.length === 0) {
        groups.push({ first: builder.count, orders: [], times: [] });
      }
      groups.at(-1)?.orders.push(order);
      groups.at(-1)?.times.push(time++);
      const key = randomAccessOf(config, head).kind !== "none";
      builder.add({
        pts: 0,
        duration: 1,
        offset,
        size,
        flags: PacketFlag.estimated | (key ? PacketFlag.key : 0) | (cut ? PacketFlag.cut : 0),
      });
    },
    addRepeat() {
      time += 1;
    },
    build() {
      for (const { first, orders, times } of groups) {
        const shown = orders
          .map((order, at) => ({ order, at }))
          .sort((a, b) => a.order - b.order || a.at - b.at);
        for (const [place, { at }] of shown.entries()) {
          builder.setPts(first + at, times[place] as number);
        }
      }
      return builder.build();
    },
  };
}
