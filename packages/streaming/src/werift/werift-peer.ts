import { MillraceError } from "@millrace/core";
import { BehaviorSubject, Observable, ReplaySubject, Subject } from "rxjs";
import type {
  Peer,
  PeerChannel,
  PeerOptions,
  PeerReceiver,
  PeerReport,
  PeerSender,
  PeerState,
} from "../webrtc/peer-transport.ts";
import { parseRtcp } from "../webrtc/rtcp/parse-rtcp.ts";
import { fragmentOf, withFragment } from "../webrtc/sdp/sdp-fragment.ts";
import { hasProvenKey } from "./has-proven-key.ts";
import { keepKeys } from "./keep-keys.ts";
import type {
  WeriftChannel,
  WeriftConnection,
  WeriftTrack,
  WeriftTransceiver,
  WeriftTransport,
} from "./werift-library.ts";
import { weriftLine, weriftSender } from "./werift-sender.ts";

/** AES-128 in counter mode with HMAC-SHA1: what everybody has and what `createSrtpProtector` makes. */
const SRTP_PROFILE = 1;
/** What begins a handshake is one packet, or a few where its hello is cut up. */
const EARLY_PACKETS = 4;
/** How such a packet begins (RFC 6347, 4.1). */
const HANDSHAKE = 22;
/** Types of RTCP packets that only senders are told. */
const [TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK] = [205, 206];

/** A peer that is being agreed on. */
export interface WeriftPeer extends Peer {
  /** To be called when our description is made: from then on it can send. */
  begin(): void;
}

/** A connection of werift in the words of the seam. */
export function weriftPeer(
  connection: WeriftConnection,
  options: PeerOptions,
  offer?: string,
): WeriftPeer {
  const state$ = new BehaviorSubject<PeerState>("new");
  const reports$ = new Subject<PeerReport>();
  const receivers$ = new ReplaySubject<PeerReceiver>();
  const channels$ = new ReplaySubject<PeerChannel>();
  const senders: { video?: PeerSender | undefined; audio?: PeerSender | undefined } = {};
  let isClosed = false;

  connection.connectionStateChange.subscribe((state) => {
    if (!isClosed) state$.next(state as PeerState);
  });
  connection.onDataChannel.subscribe((channel) => channels$.next(weriftChannel(channel)));
  connection.onTransceiverAdded.subscribe((transceiver) => {
    transceiver.onTrack.subscribe((track) => receivers$.next(weriftReceiver(track, transceiver)));
  });

  /** Hears all RTCP in the clear: werift reads feedback on packets wrongly, and keeps requests to itself. */
  const listen = (transport: WeriftTransport): void => {
    keepKeys(transport);
    const decrypt = transport.srtcp.decrypt.bind(transport.srtcp);
    transport.srtcp.decrypt = (data) => {
      const compound = decrypt(data);
      const ssrc = (senders.video ?? senders.audio)?.ssrc ?? 0;
      const nowMs = performance.timeOrigin + performance.now();
      for (const report of parseRtcp(compound, ssrc, nowMs)) reports$.next(report);
      return withoutFeedback(compound);
    };
  };

  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    state$.next("closed");
    for (const subject of [state$, reports$, receivers$, channels$]) subject.complete();
    await connection.close();
  };
  const bind = (): void => {
    const transceivers = connection.getTransceivers();
    const transport = transceivers.find(({ dtlsTransport }) => dtlsTransport)?.dtlsTransport;
    if (!transport) return;
    const line = weriftLine(transport);
    for (const { kind, sender, currentDirection } of transceivers) {
      if (!currentDirection?.includes("send")) continue;
      senders[kind] ??= weriftSender(sender, line, options.playoutDelayMs);
    }
  };
  return {
    begin() {
      bind();
      const transport = connection.dtlsTransports[0];
      if (!transport) return;
      transport.srtpProfiles = [SRTP_PROFILE];
      keepEarlyHandshake(transport);
      transport.onStateChange.subscribe((state) => {
        if (state !== "connected") return;
        const { dtls, role } = transport;
        if (dtls && (role === "server" || role === "client") && hasProvenKey(dtls, role)) {
          listen(transport);
        } else {
          state$.next("failed");
          void close();
        }
      });
    },
    get localDescription() {
      return connection.localDescription?.sdp ?? "";
    },
    state$: state$.asObservable(),
    get video() {
      return senders.video;
    },
    get audio() {
      return senders.audio;
    },
    receivers$,
    channels$,
    reports$,
    async addRemoteCandidate(candidate, mid) {
      // All media share one transport: where no section is named, it is the first one's.
      const section = mid === "" ? { sdpMLineIndex: 0 } : { sdpMid: mid };
      await connection
        .addIceCandidate(candidate === "" ? null : { candidate, ...section })
        .catch((cause: unknown) => {
          throw new MillraceError("CORRUPT_INPUT", "The candidate cannot be taken.", { cause });
        });
    },
    async acceptAnswer(sdp) {
      await connection.setRemoteDescription({ type: "answer", sdp });
      bind();
    },
    async restartIce(fragment) {
      if (offer === undefined) {
        throw new MillraceError("UNSUPPORTED", "werift: only one who was answered can restart.");
      }
      const sdp = withFragment(offer, fragment);
      await connection.setRemoteDescription({ type: "offer", sdp });
      await connection.setLocalDescription(await connection.createAnswer());
      return fragmentOf(connection.localDescription?.sdp ?? "");
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * The other side begins its handshake when it has a road. Werift learns of the road some 20 ms later and drops what comes
 * before, which would be said again only after 50 ms more.
 */
function keepEarlyHandshake(transport: WeriftTransport): void {
  const early: Buffer[] = [];
  const { onData } = transport.iceTransport.connection;
  const { unSubscribe } = onData.subscribe((data) => {
    if (data[0] === HANDSHAKE && early.length < EARLY_PACKETS) early.push(data);
  });
  transport.onStateChange.subscribe((state) => {
    unSubscribe();
    // It says so before it listens.
    if (state === "connecting") {
      queueMicrotask(() => {
        for (const data of early.splice(0)) onData.execute(data);
      });
    }
  });
}

/**
 * Leaves to werift what is not for senders: its own senders are not used, and reading feedback on packets bit by bit costs
 * it as much as sending some of them.
 */
function withoutFeedback(compound: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let at = 0; at + 4 <= compound.length; ) {
    const end = at + (compound.readUInt16BE(at + 2) + 1) * 4;
    const type = compound[at + 1] ?? 0;
    if (type !== TRANSPORT_FEEDBACK && type !== PAYLOAD_FEEDBACK)
      kept.push(compound.subarray(at, end));
    at = end;
  }
  const [first] = kept;
  return kept.length === 1 && first ? first : Buffer.concat(kept);
}

function weriftChannel(channel: WeriftChannel): PeerChannel {
  const message$ = new Subject<string | Uint8Array>();
  channel.onMessage.subscribe((message) => message$.next(message));
  channel.stateChanged.subscribe((state) => {
    if (state === "closed") message$.complete();
  });
  return {
    label: channel.label,
    message$,
    get bufferedAmount() {
      return channel.bufferedAmount;
    },
    send(message) {
      if (channel.readyState !== "open") return;
      channel.send(typeof message === "string" ? message : Buffer.from(message));
    },
  };
}

function weriftReceiver(track: WeriftTrack, { receiver }: WeriftTransceiver): PeerReceiver {
  const packets$: PeerReceiver["packets$"] = new Observable((subscriber) => {
    const { unSubscribe } = track.onReceiveRtp.subscribe(({ header, payload }) =>
      subscriber.next({
        data: payload,
        timestamp: header.timestamp,
        marker: header.marker,
        sequenceNumber: header.sequenceNumber,
      }),
    );
    return unSubscribe;
  });
  const name = track.codec?.mimeType.split("/")[1]?.toLowerCase();
  return {
    codec: name === "h264" || name === "vp8" ? name : "opus",
    packets$,
    requestKeyFrame() {
      if (track.ssrc !== undefined) void receiver.sendRtcpPLI(track.ssrc);
    },
  };
}
