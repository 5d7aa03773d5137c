import type { EncodedVideoFamily } from "@millrace/media";
import type { Observable } from "rxjs";
import type { IceUrl } from "./ice-server.ts";
import type { SdpFragment } from "./sdp/sdp-fragment.ts";
import type { TransportFeedback } from "./transport-feedback.ts";

/** A STUN or TURN server, in the words of WebRTC. */
export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** What a {@link PeerTransport} opens a peer with. */
export interface PeerOptions {
  /** To find roads with. Those that the library cannot speak to are passed over. */
  readonly iceServers?: readonly IceServer[];
  /** `"relay"` goes over TURN only. @defaultValue `"all"` */
  readonly iceTransportPolicy?: "all" | "relay";
  /** UDP ports that may be taken, both ends included. @defaultValue what the system gives */
  readonly portRange?: readonly [number, number];
  /** Addresses to listen on beside those of the machine's networks, such as `"127.0.0.1"`. */
  readonly hostAddresses?: readonly string[];
  /** Codecs of video that may be agreed on, the one liked best first. */
  readonly families: readonly EncodedVideoFamily[];
  readonly hasAudio: boolean;
  /** Tells the viewer to hold frames back for so long, in milliseconds; null says nothing about it. */
  readonly playoutDelayMs: { readonly min: number; readonly max: number } | null;
}

/** How far a peer has come; the words of `RTCPeerConnection.connectionState`. */
export type PeerState = "new" | "connecting" | "connected" | "disconnected" | "failed" | "closed";

/** One RTP packet as it is made, once for all peers: no SSRC, no sequence number, no extensions. */
export interface RtpPayload {
  readonly data: Uint8Array;
  /** 90 kHz for video and 48 kHz for Opus, modulo 2^32. */
  readonly timestamp: number;
  /** Whether it is the last of its frame. */
  readonly marker: boolean;
}

/** A media section in which we send. */
export interface PeerSender {
  /** What was agreed on. */
  readonly codec: EncodedVideoFamily | "opus";
  readonly ssrc: number;
  /**
   * Encrypts a packet and gives it to the network at once.
   *
   * @returns its numbers: in its stream, and over all packets of the peer, by which {@link TransportFeedback} tells of
   *   it; the latter is undefined where the library has no feedback
   */
  send(packet: RtpPayload): SentNumbers;
  /** Sends a packet again, on the RTX stream where there is one; undefined when it is no longer remembered. */
  resend(sequenceNumber: number): SentNumbers | undefined;
  /**
   * Tells the viewer which RTP time of this stream belongs to which time of day (a sender report), so that it can put
   * sound and pictures together.
   *
   * @param atMs - milliseconds of Unix time
   */
  report(timestamp: number, atMs: number): void;
}

/** Numbers of a packet that was sent. */
export interface SentNumbers {
  /** 16 bits. */
  readonly sequenceNumber: number;
  /** 16 bits. */
  readonly transportSequenceNumber: number | undefined;
  /** On the wire, header and encryption included, of UDP and IP nothing. */
  readonly sizeBytes: number;
}

/** What a viewer told us over RTCP. */
export type PeerReport =
  | { readonly kind: "key-frame-request" }
  /** RTP sequence numbers of the video that are missing. */
  | { readonly kind: "nack"; readonly sequenceNumbers: readonly number[] }
  | { readonly kind: "feedback"; readonly feedback: TransportFeedback }
  /** Share lost since the last report, 0 to 1, and milliseconds there and back where they are known. */
  | { readonly kind: "receiver-report"; readonly lossRatio: number; readonly rttMs: number | null }
  /** REMB: bits a second that the viewer reckons its road to carry. */
  | { readonly kind: "bitrate-estimate"; readonly bitrate: number };

/** A channel of messages, ordered and reliable. */
export interface PeerChannel {
  readonly label: string;
  readonly message$: Observable<string | Uint8Array>;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends at once, or waits in line. */
  send(message: string | Uint8Array): void;
}

/** Sound or pictures that come to us. */
export interface PeerReceiver {
  readonly codec: EncodedVideoFamily | "opus";
  /** Packets in the order of their coming, doubles and holes included. */
  readonly packets$: Observable<RtpPayload & { readonly sequenceNumber: number }>;
  /** Asks for a key frame. */
  requestKeyFrame(): void;
}

/** A connection to one viewer or publisher. */
export interface Peer extends AsyncDisposable {
  /** Our side, with the candidates that are known. */
  readonly localDescription: string;
  /** Gives the present state at once. Completes when closed. */
  readonly state$: Observable<PeerState>;
  readonly video: PeerSender | undefined;
  readonly audio: PeerSender | undefined;
  readonly receivers$: Observable<PeerReceiver>;
  readonly channels$: Observable<PeerChannel>;
  /** All that comes over RTCP; that anything comes says that the viewer lives. */
  readonly reports$: Observable<PeerReport>;
  /** A candidate of the other side, as it stands in SDP after `a=`; `""` says that there are no more. */
  addRemoteCandidate(candidate: string, mid: string): Promise<void>;
  /** Takes the other side's answer, where we made the offer. */
  acceptAnswer(answer: string): Promise<void>;
  /**
   * Makes the connection anew with other credentials of the other side; gives ours and our candidates as a fragment of
   * type `application/trickle-ice-sdpfrag`. What goes on over the old one goes on until the new one stands.
   *
   * @throws MillraceError UNSUPPORTED where the library cannot
   */
  restartIce(fragment: SdpFragment): Promise<string>;
  /** Ends it; closing twice does nothing. */
  close(): Promise<void>;
}

/** A library of WebRTC, as a plugin. */
export interface PeerTransport {
  /** Version of this contract. */
  readonly apiVersion: 1;
  readonly name: string;
  readonly capabilities: {
    /** Whether packets are told of one by one, so that the rate can follow the road. */
    readonly feedback: boolean;
    readonly receive: boolean;
    readonly channels: boolean;
    readonly iceRestart: boolean;
    /** Whether `"relay"` keeps it to TURN servers; one that cannot is refused with it. */
    readonly relayOnly: boolean;
    /** Over what it speaks to TURN servers; nothing where it speaks to none. */
    readonly turn: readonly IceUrl["transport"][];
  };
  /**
   * Loads the library, so that the first viewer need not wait for it. Called when something is published; that it fails
   * is said when somebody comes.
   */
  prepare?(): Promise<void>;
  /**
   * Answers an offer: sends in the sections where the offer wants to receive, receives where it sends.
   *
   * @throws MillraceError CORRUPT_INPUT when it is no offer, UNSUPPORTED when no codec of ours is in it,
   *   MISSING_DEPENDENCY when the library is not installed
   */
  answer(offer: string, options: PeerOptions): Promise<Peer>;
  /** Makes an offer to send, for publishing to a server and for counter-offers. */
  offer(options: PeerOptions): Promise<Peer>;
}
