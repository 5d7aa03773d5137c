import { ReplaySubject, Subject } from "rxjs";
import { expect, it } from "vitest";
import type { EncodedSound } from "../../hub/encoded-frame.ts";
import type { PeerReceiver } from "../peer-transport.ts";
import { receivedSound } from "./received-sound.ts";

const TWENTY_MS = Uint8Array.of(31 << 3, 1, 2);
const FORTY_MS = Uint8Array.of(2 << 3, 1, 2);

type Packet = { timestamp: number; data: Uint8Array; marker: boolean; sequenceNumber: number };

/** What comes of packets with these times, in ticks of 48 kHz from just before their turn, when each comes at a time. */
function heardOf(
  packets: readonly (readonly [ticks: number, data: Uint8Array, cameMs: number])[],
): readonly (readonly [ms: number, durationMs: number])[] {
  const receivers$ = new ReplaySubject<PeerReceiver>();
  const packets$ = new Subject<Packet>();
  const heard: EncodedSound[] = [];
  let nowMs = 0;
  receivedSound(receivers$, () => nowMs * 1_000).subscribe((sound) => heard.push(sound));
  receivers$.next({ codec: "vp8", packets$, requestKeyFrame() {} });
  receivers$.next({ codec: "opus", packets$, requestKeyFrame() {} });
  receivers$.next({ codec: "opus", packets$, requestKeyFrame() {} });
  for (const [ticks, data, cameMs] of packets) {
    nowMs = cameMs;
    const timestamp = (2 ** 33 - 960 + ticks) % 2 ** 32;
    packets$.next({ timestamp, data, marker: false, sequenceNumber: 0 });
  }
  return heard.map(({ timestamp, duration }) => [timestamp / 1_000, duration / 1_000]);
}

it("gives packets in order over the turn of their time, and leaves doubles and latecomers out", () => {
  const heard = heardOf([
    [0, TWENTY_MS, 5_000],
    [960, TWENTY_MS, 5_040],
    [960, TWENTY_MS, 5_041],
    [2_880, FORTY_MS, 5_060],
    [1_920, TWENTY_MS, 5_061],
    [3_840, new Uint8Array(), 5_080],
    [4_800, TWENTY_MS, 5_099],
  ]);
  expect(heard).toEqual([
    [5_000, 20],
    [5_020, 20],
    [5_060, 40],
    [5_100, 20],
  ]);
});

it("goes by when packets come after the sender's clock was stopped", () => {
  const heard = heardOf([
    [0, TWENTY_MS, 5_000],
    [960, TWENTY_MS, 5_020],
    [1_920, TWENTY_MS, 9_000],
    [2_880, TWENTY_MS, 9_025],
  ]);
  expect(heard.map(([ms]) => ms)).toEqual([5_000, 5_020, 9_000, 9_020]);
});

it("is not silenced by a number that cannot be", () => {
  const ordinary = Array.from(
    { length: 100 },
    (_, at) => [at * 960, TWENTY_MS, 5_000 + at * 20] as const,
  );
  for (const odd of [2 ** 31 - 1, -2_000_000_000, 3_000_000_000]) {
    const heard = heardOf([...ordinary, [odd, TWENTY_MS, 7_000], ...ordinary.map(later)]);
    expect(heard.length).toBeGreaterThan(199);
    expect(heard.at(-1)?.[0]).toBeCloseTo(8_980, -2);
  }
});

function later([ticks, data, cameMs]: readonly [number, Uint8Array, number]) {
  return [ticks + 96_000, data, cameMs + 2_000] as const;
}
