import { MillraceError } from "@millrace/core/web";
import type { IceServer } from "../webrtc/peer-transport.ts";
import { page } from "./page.ts";

/** What is used of an `RTCDataChannel`. */
export interface PageChannel {
  readonly label: string;
  readonly readyState: string;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  send(message: string): void;
}

/** What is used of an `RTCRtpReceiver`. */
export interface PageReceiver {
  jitterBufferTarget?: number | null;
}

/** What is used of an `RTCRtpTransceiver`. */
export interface PageTransceiver {
  readonly mid: string | null;
  readonly receiver: PageReceiver;
  setCodecPreferences?(codecs: readonly object[]): void;
}

/** A candidate that was gathered; null when there are no more. */
export interface PageCandidate {
  readonly candidate: string;
  readonly sdpMid: string | null;
}

/** What is used of an `RTCPeerConnection`. */
export interface PagePeerConnection {
  readonly connectionState: string;
  readonly localDescription: { readonly sdp: string } | null;
  onconnectionstatechange: (() => void) | null;
  onicecandidate: ((event: { readonly candidate: PageCandidate | null }) => void) | null;
  ontrack:
    | ((event: {
        readonly track: { readonly kind: string };
        readonly receiver: PageReceiver;
      }) => void)
    | null;
  ondatachannel: ((event: { readonly channel: PageChannel }) => void) | null;
  createDataChannel(label: string): PageChannel;
  addTransceiver(kind: unknown, init: { readonly direction: string }): PageTransceiver;
  addTrack(track: never): unknown;
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: { type: "offer" | "answer"; sdp: string }): Promise<void>;
  getStats(): Promise<{
    forEach(call: (report: Readonly<Record<string, unknown>>) => void): void;
  }>;
  close(): void;
}

/** The classes of a page that WebRTC needs. */
export interface PageRtc {
  readonly RTCPeerConnection: new (config: {
    readonly iceServers?: readonly IceServer[];
    readonly iceTransportPolicy?: "all" | "relay";
    readonly bundlePolicy: "max-bundle";
  }) => PagePeerConnection;
  readonly RTCRtpReceiver: {
    getCapabilities(
      kind: "video",
    ): { readonly codecs: readonly { readonly mimeType: string }[] } | null;
  };
  readonly MediaStream: new (tracks: readonly unknown[]) => object;
}

/**
 * WebRTC of this page.
 *
 * @throws MillraceError MISSING_DEPENDENCY when the browser has none
 */
export function pageRtc(): PageRtc {
  if (page().RTCPeerConnection === undefined) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "There is no WebRTC here; play another transport.",
    );
  }
  return globalThis as unknown as PageRtc;
}
