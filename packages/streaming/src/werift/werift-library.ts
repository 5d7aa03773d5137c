import type { KeyObject } from "node:crypto";
import { MillraceError } from "@millrace/core";

/** Something that calls back, as werift has it. */
export interface WeriftEvent<Args extends unknown[]> {
  subscribe(listener: (...args: Args) => void): { readonly unSubscribe: () => void };
}

/** A codec as it is offered. */
export interface WeriftCodec {
  readonly payloadType: number;
  readonly mimeType: string;
  readonly clockRate: number;
  readonly channels?: number;
  readonly parameters?: string;
}

/** The road that was found. */
export interface WeriftIceConnection {
  stunServer: unknown;
  /** Settles when every server has answered or has been given up. */
  gatherCandidates(): Promise<void>;
  close(): Promise<void>;
  /** What comes that is not of ICE; with nobody subscribed it is lost. */
  readonly onData: WeriftEvent<[Buffer]> & { execute(data: Buffer): void };
  /** The pair of candidates in use. */
  readonly nominated?: {
    readonly remoteAddr: readonly [host: string, port: number];
    readonly protocol: {
      /** `"stun"` where packets go as they are. */
      readonly type: string;
      readonly transport?: {
        readonly type: string;
        readonly closed: boolean;
        readonly socket: { send(data: Buffer, port: number, host: string): void };
      };
    };
  };
  canSendApplicationData(): boolean;
  send(data: Buffer): Promise<void>;
}

/** Of one direction: keys as bytes at first, as objects where that is wanted. */
export interface WeriftContext {
  readonly cipher: {
    srtpSessionKey: Buffer | KeyObject;
    srtpSessionAuthTag: Buffer | KeyObject;
    srtcpSessionKey: Buffer | KeyObject;
    srtcpSessionAuthTag: Buffer | KeyObject;
  };
}

/** A handshake, and what came of it. */
export interface WeriftDtls {
  readonly dtls: {
    /** What was said, in order, as it is hashed. */
    readonly sortedHandshakeCache: readonly {
      readonly msg_type: number;
      readonly fragment: Buffer;
      serialize(): Buffer;
    }[];
  };
  readonly cipher: {
    /** DER. */
    readonly remoteCertificate?: Buffer;
    readonly localRandom?: { serialize(): Buffer };
    readonly remoteRandom?: { serialize(): Buffer };
    /** The other half of the key exchange, as it was used. */
    readonly remoteKeyPair?: { readonly publicKey?: Buffer };
  };
}

/** The state of one transport, of which there is one for all media. */
export interface WeriftTransport {
  readonly state: string;
  srtpProfiles: number[];
  role: string;
  /** There when it is connected. */
  readonly dtls?: WeriftDtls;
  readonly onStateChange: WeriftEvent<[string]>;
  readonly iceTransport: {
    readonly connection: WeriftIceConnection;
  };
  readonly srtp: {
    readonly localContext: WeriftContext & {
      readonly profile: number;
      readonly srtpSessionKey: Buffer;
      readonly srtpSessionSalt: Buffer;
      readonly srtpSessionAuthTag: Buffer;
    };
    readonly remoteContext: WeriftContext;
  };
  readonly srtcp: {
    readonly localContext: WeriftContext;
    readonly remoteContext: WeriftContext;
    decrypt: (data: Buffer) => Buffer;
  };
  sendRtcp(packets: readonly { serialize(): Buffer }[]): Promise<void>;
}

/** What sends in one media section. */
export interface WeriftSender {
  readonly ssrc: number;
  readonly rtxSsrc: number;
  readonly rtxPayloadType?: number;
  readonly mid?: string;
  readonly codec?: WeriftCodec;
  readonly headerExtensions: readonly { readonly id: number; readonly uri: string }[];
  readonly cname?: string;
  streamIds: string[];
  replaceTrack(track: unknown): Promise<void>;
}

/** An RTP packet that came. */
export interface WeriftRtpPacket {
  readonly header: {
    readonly timestamp: number;
    readonly sequenceNumber: number;
    readonly payloadType: number;
    readonly marker: boolean;
    readonly ssrc: number;
  };
  readonly payload: Buffer;
}

/** Media that comes to us. */
export interface WeriftTrack {
  readonly kind: string;
  readonly ssrc?: number;
  readonly codec?: WeriftCodec;
  readonly onReceiveRtp: WeriftEvent<[WeriftRtpPacket]>;
}

/** One media section. */
export interface WeriftTransceiver {
  readonly kind: "audio" | "video";
  /** As it looks from our side. */
  readonly offerDirection: string;
  readonly currentDirection: string | null;
  readonly mid: string | null;
  readonly sender: WeriftSender;
  readonly receiver: { sendRtcpPLI(ssrc: number): Promise<void> };
  readonly dtlsTransport: WeriftTransport | undefined;
  setDirection(direction: "inactive" | "sendonly" | "recvonly" | "sendrecv"): void;
  readonly onTrack: WeriftEvent<[WeriftTrack, WeriftTransceiver]>;
}

/** A channel of messages. */
export interface WeriftChannel {
  readonly label: string;
  readonly readyState: string;
  readonly bufferedAmount: number;
  readonly onMessage: WeriftEvent<[string | Buffer]>;
  readonly stateChanged: WeriftEvent<[string]>;
  send(data: string | Buffer): void;
}

/** A connection. */
export interface WeriftConnection {
  readonly connectionState: string;
  readonly connectionStateChange: WeriftEvent<[string]>;
  readonly onDataChannel: WeriftEvent<[WeriftChannel]>;
  readonly onTransceiverAdded: WeriftEvent<[WeriftTransceiver]>;
  readonly localDescription: { readonly sdp: string } | null;
  readonly dtlsTransports: readonly WeriftTransport[];
  getTransceivers(): readonly WeriftTransceiver[];
  addTransceiver(track: unknown, options: { readonly direction: string }): WeriftTransceiver;
  createDataChannel(label: string): WeriftChannel;
  setRemoteDescription(description: { type: "offer" | "answer"; sdp: string }): Promise<void>;
  createAnswer(): Promise<{ readonly type: string; readonly sdp: string }>;
  createOffer(): Promise<{ readonly type: string; readonly sdp: string }>;
  setLocalDescription(description: { type: string; sdp: string }): Promise<unknown>;
  addIceCandidate(
    candidate: { candidate: string; sdpMid?: string; sdpMLineIndex?: number } | null,
  ): Promise<void>;
  close(): Promise<void>;
}

/** The part of the package `werift` that is used. What is not of its contract is of exactly version 0.25.2. */
export interface WeriftLibrary {
  readonly RTCPeerConnection: {
    /** Makes one. */
    new (config: object): WeriftConnection;
  };
  readonly RTCRtpCodecParameters: {
    /** Makes one. */
    new (parameters: {
      mimeType: string;
      clockRate: number;
      payloadType: number;
      channels?: number;
      parameters?: string;
      rtcpFeedback: readonly { type: string; parameter?: string }[];
    }): WeriftCodec;
  };
  readonly RTCRtpHeaderExtensionParameters: {
    /** Makes one. */
    new (parameters: { uri: string; id: number }): object;
  };
  readonly MediaStreamTrack: {
    /** Makes one. */
    new (parameters: { kind: "audio" | "video" }): object;
  };
}

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadWeriftLibrary(): Promise<WeriftLibrary> {
  try {
    return (await import("werift")) as unknown as WeriftLibrary;
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "werift: the package werift cannot be loaded; install it: npm install werift@0.25.2",
      { cause },
    );
  }
}
