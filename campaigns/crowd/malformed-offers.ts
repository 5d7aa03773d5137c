import { seededRandom } from "../../packages/streaming/test/network/seeded-random.ts";

/** What is sent to a WebRTC publication. */
export interface MalformedOffer {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

const TYPES = [
  ...Array<string>(6).fill("application/sdp"),
  ...["application/json", "application/json"],
  ...["text/plain", "application/sdp; charset=x", ""],
];
const PATHS = ["", "", "", "", "", "/offer", "/offer", "/session/none", "/none", "/%00"];
const METHODS = ["POST", "POST", "POST", "POST", "PATCH", "DELETE", "PUT"];
const LINES = [
  "a=ice-ufrag:",
  "a=fingerprint:sha-256 00",
  "m=video 0 UDP/TLS/RTP/SAVPF",
  "m=audio 9 RTP/AVP 0",
  "a=setup:nobody",
  "a=rtpmap:999999999999 H264/0",
  "a=candidate:1 1 udp -1 ::::: 99999 typ host",
  "a=extmap:0 urn:x",
  "a=group:BUNDLE",
  "c=IN IP4 999.999.999.999",
  "a=mid:__proto__",
  "v=1",
];

/** Offers that are damaged somewhere, or none at all: the same for the same seed. */
export function* malformedOffers(
  sdp: string,
  seed: number,
  count: number,
): Generator<MalformedOffer> {
  const random = seededRandom(seed);
  const below = (end: number): number => Math.floor(random() * end);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const lines = sdp.split("\r\n");
  const bytes = (length: number): Uint8Array<ArrayBuffer> =>
    Uint8Array.from({ length }, () => below(256));
  const bodies: readonly (() => string | Uint8Array<ArrayBuffer>)[] = [
    () => "",
    () => bytes(below(2_000)),
    () => sdp.slice(0, below(sdp.length)),
    () => lines.filter(() => random() > 0.2).join("\r\n"),
    () => lines.map((line) => (random() < 0.1 ? pick(LINES) : line)).join("\r\n"),
    () => lines.flatMap((line) => (random() < 0.05 ? [line, line, line] : [line])).join("\r\n"),
    () => lines.map((line) => (random() < 0.1 ? line.replace(/\d+/g, "-1") : line)).join("\r\n"),
    () => lines.map((line) => (random() < 0.05 ? `${line}${"x".repeat(9_000)}` : line)).join("\n"),
    () =>
      JSON.stringify({ type: pick(["offer", "answer", "", 1, null]), sdp: sdp.slice(below(50)) }),
    () => pick(["null", "[]", "{", '"offer"', '{"sdp":{}}', `${"[".repeat(5_000)}`]),
  ];
  for (let at = 0; at < count; at++) {
    yield {
      method: pick(METHODS),
      path: pick(PATHS),
      contentType: pick(TYPES),
      body: pick(bodies)(),
    };
  }
}
