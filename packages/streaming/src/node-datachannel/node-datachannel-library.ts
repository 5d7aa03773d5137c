import { MillraceError } from "@millrace/core";

/** A media section as it is put together. */
export interface NdcMedia {
  addH264Codec?(payloadType: number, profile: string): void;
  addVP8Codec?(payloadType: number): void;
  addOpusCodec?(payloadType: number, profile: string): void;
  addRTXCodec(payloadType: number, originalPayloadType: number, clockRate: number): void;
  addSSRC(ssrc: number, name?: string, msid?: string, trackID?: string): void;
  parseSdpLine(line: string): void;
}

/** A media section that is open. */
export interface NdcTrack {
  isOpen(): boolean;
  sendMessageBinary(message: Buffer): boolean;
  requestKeyframe(): boolean;
  setMediaHandler(handler: object): void;
  onMessage(listener: (message: Buffer) => void): void;
}

/** A channel of messages. */
export interface NdcChannel {
  getLabel(): string;
  isOpen(): boolean;
  bufferedAmount(): number;
  sendMessage(message: string): boolean;
  sendMessageBinary(message: Uint8Array): boolean;
  onMessage(listener: (message: string | Buffer | ArrayBuffer) => void): void;
  onClosed(listener: () => void): void;
}

/** A connection. */
export interface NdcConnection {
  close(): void;
  setLocalDescription(type: "offer" | "answer"): void;
  setRemoteDescription(sdp: string, type: "offer" | "answer"): void;
  localDescription(): { readonly sdp: string } | null;
  addRemoteCandidate(candidate: string, mid: string): void;
  addTrack(media: NdcMedia): NdcTrack;
  onStateChange(listener: (state: string) => void): void;
  onGatheringStateChange(listener: (state: string) => void): void;
  onDataChannel(listener: (channel: NdcChannel) => void): void;
}

/** The part of the package `node-datachannel` that is used. */
export interface NodeDataChannelLibrary {
  readonly PeerConnection: {
    /** Makes a connection; `name` is for messages. */
    new (name: string, config: object): NdcConnection;
  };
  readonly Video: {
    /** Puts a section of pictures together. */
    new (mid: string, direction: NdcDirection): NdcMedia;
  };
  readonly Audio: {
    /** Puts a section of sound together. */
    new (mid: string, direction: NdcDirection): NdcMedia;
  };
  readonly RtcpReceivingSession: {
    /** Makes what tells a sender how it is received. */
    new (): object;
  };
}

/** Who sends, as it looks from here. */
export type NdcDirection = "SendOnly" | "RecvOnly" | "SendRecv" | "Inactive";

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadNodeDataChannelLibrary(): Promise<NodeDataChannelLibrary> {
  try {
    return (await import("node-datachannel")) as unknown as NodeDataChannelLibrary;
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "node-datachannel: the package node-datachannel cannot be loaded; install it: npm install node-datachannel@~0.33.4",
      { cause },
    );
  }
}
