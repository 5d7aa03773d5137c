// Prints what forward error correction would buy: node --conditions=@millrace/source packages/streaming/test/network/print-protection.ts
//
// A model of frames and packets only, without rate control: what a road gives at best. Frames of seven packets leave
// every 33 ms; each packet is lost by chance. A parity packet restores one packet of its group, the packets of a frame
// are dealt out to the groups in turn. What is not restored is asked for at once and repeated, as often as it is lost.
// A frame is shown when it and all before it are whole.

import { seededRandom } from "./seeded-random.ts";

interface Protection {
  readonly name: string;
  /** Parity packets a frame. */
  readonly parity: number;
  /** How many copies of a repetition are sent. */
  readonly copies: number;
}

const FRAMES = 20_000;
const PACKETS = 7;
const FRAME_MS = 1_000 / 30;
/** Until the sender knows that a repetition was lost: beside the way there and back, half of a feedback interval. */
const ASKED_AGAIN_MS = 25;
const PROTECTIONS: readonly Protection[] = [
  { name: "repeated once", parity: 0, copies: 1 },
  { name: "repeated twice at a time", parity: 0, copies: 2 },
  { name: "1 parity a frame", parity: 1, copies: 1 },
  { name: "2 parity a frame", parity: 2, copies: 1 },
  { name: "3 parity a frame", parity: 3, copies: 1 },
];

for (const lossRatio of [0.045, 0.07, 0.1]) {
  for (const rttMs of [20, 50, 100]) {
    for (const protection of PROTECTIONS) {
      const { p50, p95, share } = run(lossRatio, rttMs, protection);
      const isKept = p95 < rttMs + 150;
      console.log(
        `loss ${(lossRatio * 100).toFixed(1)} % rtt ${rttMs} ${protection.name.padEnd(24)}: age ${p50.toFixed(0)}/${p95.toFixed(0)}, ${(share * 100).toFixed(0)} % of the packets are new${isKept ? "" : "  MISSED"}`,
      );
    }
  }
}

function run(
  lossRatio: number,
  rttMs: number,
  { parity, copies }: Protection,
): { readonly p50: number; readonly p95: number; readonly share: number } {
  const random = seededRandom(7);
  const isLost = (): boolean => random() < lossRatio;
  const ages: number[] = [];
  let sent = 0;
  let shownMs = 0;
  for (let frame = 0; frame < FRAMES; frame++) {
    const capturedMs = frame * FRAME_MS;
    const lost = Array.from({ length: PACKETS }, isLost);
    sent += PACKETS + parity;
    for (let group = 0; group < parity; group++) {
      const missing = lost.flatMap((is, at) => (is && at % parity === group ? [at] : []));
      if (!isLost() && missing.length === 1) lost[missing[0] as number] = false;
    }
    let wholeMs = capturedMs + rttMs / 2;
    for (const is of lost) {
      if (!is) continue;
      let comesMs = capturedMs + rttMs / 2;
      for (let hasCome = false; !hasCome; ) {
        comesMs += rttMs + (comesMs > capturedMs + rttMs / 2 ? ASKED_AGAIN_MS : 0);
        for (let copy = 0; copy < copies; copy++) {
          sent += 1;
          if (!isLost()) hasCome = true;
        }
      }
      wholeMs = Math.max(wholeMs, comesMs);
    }
    shownMs = Math.max(shownMs, wholeMs);
    ages.push(shownMs - capturedMs);
  }
  ages.sort((a, b) => a - b);
  const at = (share: number): number => ages[Math.floor(share * FRAMES)] as number;
  return { p50: at(0.5), p95: at(0.95), share: (FRAMES * PACKETS) / sent };
}
