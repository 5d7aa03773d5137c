import { MillraceError } from "@millrace/core";
import { BehaviorSubject, Observable, ReplaySubject, Subject } from "rxjs";
import type {
  Peer,
  PeerChannel,
  PeerReceiver,
  PeerReport,
  PeerState,
} from "../webrtc/peer-transport.ts";
import { parseRtcp } from "../webrtc/rtcp/parse-rtcp.ts";
import { isRtcp, parseRtp } from "../webrtc/rtp/parse-rtp.ts";
import type { NdcSection } from "./ndc-media.ts";
import type { NdcChannel, NdcConnection } from "./node-datachannel-library.ts";

/** A peer that is being agreed on. */
export interface NdcPeer extends Peer {
  /** Uses a section that was added. */
  use(section: NdcSection): void;
}

/** A connection of libdatachannel in the words of the seam. */
export function ndcPeer(connection: NdcConnection): NdcPeer {
  const state$ = new BehaviorSubject<PeerState>("new");
  const reports$ = new Subject<PeerReport>();
  const receivers$ = new ReplaySubject<PeerReceiver>();
  const channels$ = new ReplaySubject<PeerChannel>();
  const sections: NdcSection[] = [];
  let isClosed = false;
  const senderOf = (kind: NdcSection["kind"]): NdcSection["sender"] =>
    sections.find((section) => section.kind === kind && section.sender)?.sender;

  connection.onStateChange((state) => {
    if (!isClosed) state$.next(state as PeerState);
  });
  connection.onDataChannel((channel) => {
    if (!isClosed) channels$.next(ndcChannel(channel));
  });
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    state$.next("closed");
    for (const subject of [state$, reports$, receivers$, channels$]) subject.complete();
    connection.close();
  };
  return {
    use(section) {
      sections.push(section);
      const packets$ = new Subject<Buffer>();
      section.track.onMessage((packet) => {
        if (isClosed) return;
        if (!isRtcp(packet)) {
          packets$.next(packet);
          return;
        }
        const ssrc = (senderOf("video") ?? senderOf("audio"))?.ssrc ?? 0;
        const nowMs = performance.timeOrigin + performance.now();
        for (const report of parseRtcp(packet, ssrc, nowMs)) reports$.next(report);
      });
      if (section.receives) receivers$.next(ndcReceiver(section, packets$));
    },
    get localDescription() {
      return connection.localDescription()?.sdp ?? "";
    },
    state$: state$.asObservable(),
    get video() {
      return senderOf("video");
    },
    get audio() {
      return senderOf("audio");
    },
    receivers$,
    channels$,
    reports$,
    async addRemoteCandidate(candidate, mid) {
      if (candidate === "") return;
      try {
        connection.addRemoteCandidate(candidate, mid);
      } catch (cause) {
        throw new MillraceError("CORRUPT_INPUT", "The candidate cannot be taken.", { cause });
      }
    },
    async acceptAnswer(sdp) {
      try {
        connection.setRemoteDescription(sdp, "answer");
      } catch (cause) {
        throw new MillraceError("CORRUPT_INPUT", "The answer cannot be taken.", { cause });
      }
    },
    async restartIce() {
      throw new MillraceError("UNSUPPORTED", "node-datachannel: connections cannot be made anew.");
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function ndcReceiver({ track, codec }: NdcSection, raw$: Observable<Buffer>): PeerReceiver {
  return {
    codec,
    packets$: new Observable((subscriber) =>
      raw$.subscribe((raw) => {
        const packet = parseRtp(raw);
        if (packet) subscriber.next(packet);
      }),
    ),
    requestKeyFrame() {
      if (track.isOpen()) track.requestKeyframe();
    },
  };
}

function ndcChannel(channel: NdcChannel): PeerChannel {
  const message$ = new Subject<string | Uint8Array>();
  channel.onMessage((message) =>
    message$.next(message instanceof ArrayBuffer ? new Uint8Array(message) : message),
  );
  channel.onClosed(() => message$.complete());
  return {
    label: channel.getLabel(),
    message$,
    get bufferedAmount() {
      return channel.bufferedAmount();
    },
    send(message) {
      if (!channel.isOpen()) return;
      if (typeof message === "string") channel.sendMessage(message);
      else channel.sendMessageBinary(message);
    },
  };
}
