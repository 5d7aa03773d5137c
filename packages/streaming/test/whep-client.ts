import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type RTCDataChannel, RTCPeerConnection, RTCRtpCodecParameters, useOPUS } from "werift";

/** A viewer in this process. */
export interface WhepClient {
  readonly connection: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  /** What came, video first. */
  readonly packets: { video: number; audio: number };
  readonly numbers: number[];
  readonly session: string;
  readonly etag: string;
  readonly answer: string;
  connected(): Promise<void>;
  leave(): Promise<void>;
}

/** Where a server listens. */
export function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A connection that wants to watch, and its offer. */
export async function whepOffer(
  codecs: readonly ("H264" | "VP8")[] = ["H264", "VP8"],
  hasAudio = false,
): Promise<{
  readonly connection: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  readonly sdp: string;
}> {
  const connection = new RTCPeerConnection({
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ["127.0.0.1"],
    codecs: {
      video: codecs.map(
        (name, at) =>
          new RTCRtpCodecParameters({
            mimeType: `video/${name}`,
            clockRate: 90_000,
            payloadType: 100 + at,
            rtcpFeedback: [{ type: "nack" }, { type: "nack", parameter: "pli" }],
            ...(name === "H264" && {
              parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
            }),
          }),
      ),
      audio: [useOPUS({ payloadType: 111 })],
    },
  });
  connection.addTransceiver("video", { direction: "recvonly" });
  if (hasAudio) connection.addTransceiver("audio", { direction: "recvonly" });
  const channel = connection.createDataChannel("data");
  const offer = await connection.createOffer();
  // It asks a server of Google's otherwise.
  for (const transport of connection.iceTransports) delete transport.connection.stunServer;
  await connection.setLocalDescription(offer);
  return { connection, channel, sdp: connection.localDescription?.sdp ?? "" };
}

/** Joins a stream. */
export async function joinWhep(
  url: string,
  options: { readonly codecs?: readonly ("H264" | "VP8")[]; readonly hasAudio?: boolean } = {},
): Promise<WhepClient> {
  const { connection, channel, sdp } = await whepOffer(options.codecs, options.hasAudio);
  const packets = { video: 0, audio: 0 };
  const numbers: number[] = [];
  connection.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe(({ header }) => {
      packets[track.kind as "video" | "audio"]++;
      if (track.kind === "video") numbers.push(header.sequenceNumber);
    });
  });
  const connected = new Promise<void>((done) => {
    connection.connectionStateChange.subscribe((state) => {
      if (state === "connected") done();
    });
  });
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: sdp,
  });
  const answer = await response.text();
  if (response.status !== 201) {
    await connection.close();
    throw new Error(`${response.status} ${answer}`);
  }
  await connection.setRemoteDescription({ type: "answer", sdp: answer });
  const session = new URL(response.headers.get("location") ?? "", url).href;
  return {
    connection,
    channel,
    packets,
    numbers,
    session,
    etag: response.headers.get("etag") ?? "",
    answer,
    connected: async () => await connected,
    async leave() {
      await fetch(session, { method: "DELETE" });
      await connection.close();
    },
  };
}
