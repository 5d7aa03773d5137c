/** What a receiver remembers of one RTP stream, as RFC 3550 has it, and of numbers over all packets of the connection. */
export interface Reception {
  /** Takes an RTP packet in the clear. */
  take(packet: Buffer, atMs: number): void;
  /** Takes RTCP: of it, the time of the last sender report is kept. */
  takeRtcp(packet: Buffer, atMs: number): void;
  /** A receiver report; undefined before the first packet. */
  report(atMs: number): Buffer | undefined;
  /** Tells of each packet since the last call (transport-wide feedback); undefined where there is nothing to tell. */
  feedback(): Buffer | undefined;
  readonly lost: number;
}

const OUR_SSRC = 1;
const VIDEO_CLOCK = 90;
const SYMBOLS_A_CHUNK = 7;
const [LOST, SMALL, LARGE] = [0, 1, 2];

/** Makes one; `transportSequenceId` is the number of the header extension. */
export function createReception(transportSequenceId: number): Reception {
  let ssrc: number | undefined;
  let [first, highest, received, turns] = [0, 0, 0, 0];
  let [expectedBefore, receivedBefore] = [0, 0];
  let jitter = 0;
  let transit: number | undefined;
  let heard: { readonly middle: number; readonly atMs: number } | undefined;
  let arrivals: (readonly [number: number, atMs: number])[] = [];
  let nextNumber: number | undefined;
  let feedbackCount = 0;
  const expected = (): number => turns * 65_536 + highest - first + 1;

  return {
    take(packet, atMs) {
      const number = packet.readUInt16BE(2);
      if (ssrc === undefined) {
        ssrc = packet.readUInt32BE(8);
        first = number;
        highest = number;
      } else if (packet.readUInt32BE(8) === ssrc) {
        const ahead = (number - highest) & 0xffff;
        if (ahead < 0x8000) {
          if (number < highest) turns++;
          highest = number;
        }
      }
      received++;
      const now = atMs * VIDEO_CLOCK - packet.readUInt32BE(4);
      if (transit !== undefined) {
        const moved = Math.abs(now - transit);
        // A turn of the clock is no jitter.
        if (moved < VIDEO_CLOCK * 10_000) jitter += (moved - jitter) / 16;
      }
      transit = now;
      const transport = transportSequence(packet, transportSequenceId);
      if (transport !== undefined) arrivals.push([transport, atMs]);
    },
    takeRtcp(packet, atMs) {
      if (packet[1] === 200) heard = { middle: packet.readUInt32BE(10), atMs };
    },
    report(atMs) {
      if (ssrc === undefined) return undefined;
      const report = Buffer.alloc(32);
      report.writeUInt16BE(0x81c9);
      report.writeUInt16BE(7, 2);
      report.writeUInt32BE(OUR_SSRC, 4);
      report.writeUInt32BE(ssrc, 8);
      const due = expected() - expectedBefore;
      const lost = Math.max(0, due - (received - receivedBefore));
      [expectedBefore, receivedBefore] = [expected(), received];
      report.writeUInt8(due > 0 ? Math.min(255, Math.floor((lost * 256) / due)) : 0, 12);
      report.writeUIntBE(Math.max(0, expected() - received), 13, 3);
      report.writeUInt32BE(turns * 65_536 + highest, 16);
      report.writeUInt32BE(Math.floor(jitter), 20);
      if (heard) {
        report.writeUInt32BE(heard.middle, 24);
        report.writeUInt32BE(Math.floor(((atMs - heard.atMs) * 65_536) / 1_000), 28);
      }
      return report;
    },
    feedback() {
      if (ssrc === undefined || arrivals.length === 0) return undefined;
      const told = arrivals;
      arrivals = [];
      const base = nextNumber ?? (told[0]?.[0] as number);
      const ahead = (number: number): number => (number - base) & 0xffff;
      const came = told.filter(([number]) => ahead(number) < 0x8000);
      if (came.length === 0) return undefined;
      const count = Math.max(...came.map(([number]) => ahead(number))) + 1;
      nextNumber = (base + count) & 0xffff;
      return transportFeedback(ssrc, base, count, feedbackCount++ & 0xff, came);
    },
    get lost() {
      return Math.max(0, expected() - received);
    },
  };
}

/** `draft-holmer-rmcat-transport-wide-cc-extensions-01`, in chunks of seven symbols. */
function transportFeedback(
  ssrc: number,
  base: number,
  count: number,
  feedbackCount: number,
  came: readonly (readonly [number: number, atMs: number])[],
): Buffer {
  const times = new Map(came.map(([number, atMs]) => [(number - base) & 0xffff, atMs]));
  const reference = Math.floor(Math.min(...times.values()) / 64);
  let last = reference * 256;
  const symbols: number[] = [];
  const deltas: number[] = [];
  for (let at = 0; at < count; at++) {
    const atMs = times.get(at);
    if (atMs === undefined) {
      symbols.push(LOST);
      continue;
    }
    const delta = Math.round(atMs * 4) - last;
    last += delta;
    if (delta >= 0 && delta <= 255) {
      symbols.push(SMALL);
      deltas.push(delta);
    } else {
      symbols.push(LARGE);
      deltas.push((delta >> 8) & 0xff, delta & 0xff);
    }
  }
  const chunks = Math.ceil(count / SYMBOLS_A_CHUNK);
  const packet = Buffer.alloc(Math.ceil((20 + chunks * 2 + deltas.length) / 4) * 4);
  packet.writeUInt16BE(0x8fcd);
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
  packet.writeUInt32BE(OUR_SSRC, 4);
  packet.writeUInt32BE(ssrc, 8);
  packet.writeUInt16BE(base, 12);
  packet.writeUInt16BE(count, 14);
  packet.writeUIntBE(reference & 0xffffff, 16, 3);
  packet.writeUInt8(feedbackCount, 19);
  for (let chunk = 0; chunk < chunks; chunk++) {
    let bits = 0xc000;
    for (let at = 0; at < SYMBOLS_A_CHUNK; at++) {
      bits |= (symbols[chunk * SYMBOLS_A_CHUNK + at] ?? LOST) << (12 - 2 * at);
    }
    packet.writeUInt16BE(bits, 20 + chunk * 2);
  }
  packet.set(deltas, 20 + chunks * 2);
  return packet;
}

function transportSequence(packet: Buffer, wanted: number): number | undefined {
  const from = 12 + ((packet[0] ?? 0) & 0xf) * 4;
  if (((packet[0] ?? 0) & 0x10) === 0 || packet.readUInt16BE(from) !== 0xbede) return undefined;
  const end = from + 4 + packet.readUInt16BE(from + 2) * 4;
  for (let at = from + 4; at < end; ) {
    const head = packet[at] ?? 0;
    if (head === 0) {
      at++;
      continue;
    }
    if (head >> 4 === wanted) return packet.readUInt16BE(at + 1);
    at += 2 + (head & 0xf);
  }
  return undefined;
}
