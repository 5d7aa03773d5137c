import { Subject } from "rxjs";
import { expect, it } from "vitest";
import type { EncodedSound } from "../../hub/encoded-frame.ts";
import type { PeerReceiver } from "../peer-transport.ts";
import { receivedSound } from "./received-sound.ts";

const TWENTY_MS = Uint8Array.of(31 << 3, 1, 2);
const FORTY_MS = Uint8Array.of(2 << 3, 1, 2);

it("gives packets in order over the turn of their time, and leaves doubles and latecomers out", () => {
  const receivers$ = new Subject<PeerReceiver>();
  const packets$ = new Subject<{
    timestamp: number;
    data: Uint8Array;
    marker: boolean;
    sequenceNumber: number;
  }>();
  const heard: EncodedSound[] = [];
  receivedSound(receivers$, () => 5_000_000).subscribe((sound) => heard.push(sound));
  receivers$.next({ codec: "vp8", packets$, requestKeyFrame() {} });
  receivers$.next({ codec: "opus", packets$, requestKeyFrame() {} });
  const zero = 2 ** 32 - 960;
  for (const [ticks, data] of [
    [0, TWENTY_MS],
    [960, TWENTY_MS],
    [960, TWENTY_MS],
    [2_880, FORTY_MS],
    [1_920, TWENTY_MS],
    [3_840, new Uint8Array()],
    [4_800, TWENTY_MS],
  ] as const) {
    packets$.next({ timestamp: (zero + ticks) % 2 ** 32, data, marker: false, sequenceNumber: 0 });
  }
  expect(heard.map(({ timestamp, duration }) => [timestamp - 5_000_000, duration])).toEqual([
    [0, 20_000],
    [20_000, 20_000],
    [60_000, 40_000],
    [100_000, 20_000],
  ]);
});
