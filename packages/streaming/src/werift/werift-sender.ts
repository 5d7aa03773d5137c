import { isIP } from "node:net";
import type { PeerOptions, PeerSender } from "../webrtc/peer-transport.ts";
import { EXTENSION_URI, type HeaderExtensions } from "../webrtc/rtp/header-extensions.ts";
import { createRtpStream } from "../webrtc/rtp/rtp-stream.ts";
import { createSrtpProtector, SRTP_TAG_BYTES } from "./srtp-protector.ts";
import type { WeriftIceConnection, WeriftSender, WeriftTransport } from "./werift-library.ts";

/** What all streams of one connection have in common. */
export interface WeriftLine {
  nextTransportSequence(): number;
  write(packet: Buffer, headerBytes: number): void;
  writeRtcp(packet: Buffer): void;
}

/**
 * The way of packets onto one connection. It goes past werift's senders, which copy each packet several times, await
 * in between and number packets too late.
 */
export function weriftLine(transport: WeriftTransport): WeriftLine {
  let protect: ((packet: Buffer, headerBytes: number) => void) | undefined;
  let transportSequence = 0;
  return {
    nextTransportSequence() {
      transportSequence = (transportSequence + 1) & 0xffff;
      return transportSequence;
    },
    write(packet, headerBytes) {
      if (transport.state !== "connected") return;
      const { srtpSessionKey, srtpSessionSalt, srtpSessionAuthTag } = transport.srtp.localContext;
      protect ??= createSrtpProtector({
        cipherKey: srtpSessionKey,
        salt: srtpSessionSalt,
        authenticationKey: srtpSessionAuthTag,
      });
      protect(packet, headerBytes);
      sendOver(transport.iceTransport.connection, packet);
    },
    writeRtcp(packet) {
      if (transport.state !== "connected") return;
      transport.sendRtcp([{ serialize: () => packet }]).catch(ignore);
    },
  };
}

/** A stream in the words of the seam; undefined when no codec of ours was agreed on. */
export function weriftSender(
  sender: WeriftSender,
  line: WeriftLine,
  playoutDelayMs: PeerOptions["playoutDelayMs"],
): PeerSender | undefined {
  const { codec, ssrc, rtxPayloadType, rtxSsrc } = sender;
  const name = codec?.mimeType.split("/")[1]?.toLowerCase();
  if (!codec || (name !== "h264" && name !== "vp8" && name !== "opus")) return undefined;
  return createRtpStream({
    codec: name,
    ssrc,
    payloadType: codec.payloadType,
    ...(rtxPayloadType !== undefined && { rtx: { ssrc: rtxSsrc, payloadType: rtxPayloadType } }),
    extensions: extensionsOf(sender, playoutDelayMs),
    tailBytes: SRTP_TAG_BYTES,
    ...line,
  });
}

function extensionsOf(
  { headerExtensions, mid }: WeriftSender,
  playoutDelayMs: PeerOptions["playoutDelayMs"],
): HeaderExtensions {
  const idOf = (uri: string): number | undefined =>
    headerExtensions.find((extension) => extension.uri === uri)?.id;
  const [midId, sequenceId, delayId] = [
    idOf(EXTENSION_URI.mid),
    idOf(EXTENSION_URI.transportSequence),
    idOf(EXTENSION_URI.playoutDelay),
  ];
  return {
    ...(midId !== undefined && mid !== undefined && { mid: { id: midId, value: mid } }),
    ...(sequenceId !== undefined && { transportSequence: { id: sequenceId } }),
    ...(delayId !== undefined &&
      playoutDelayMs && {
        playoutDelay: { id: delayId, minMs: playoutDelayMs.min, maxMs: playoutDelayMs.max },
      }),
  };
}

/** Straight to the socket where there is one of UDP: three promises a packet cost more than the way itself. */
function sendOver(ice: WeriftIceConnection, packet: Buffer): void {
  const { protocol, remoteAddr } = ice.nominated ?? {};
  const { transport } = protocol ?? {};
  if (
    protocol?.type !== "stun" ||
    transport?.type !== "udp" ||
    !remoteAddr ||
    !isIP(remoteAddr[0])
  ) {
    ice.send(packet).catch(ignore);
    return;
  }
  if (transport.closed || !ice.canSendApplicationData()) return;
  try {
    transport.socket.send(packet, remoteAddr[1], remoteAddr[0]);
  } catch {
    // A socket that has just been closed; the state of the connection says so.
  }
}

/** A connection that ends while a packet is on its way is no news: its state says so. */
function ignore(): void {}
