import { MillraceError } from "@millrace/core";
import { type Admission, type FrameHub, mjpeg, type Publication } from "@millrace/streaming";
import { type IceServer, webrtc } from "@millrace/streaming/webrtc";
import { websocket } from "@millrace/streaming/websocket";
import { werift } from "@millrace/streaming/werift";
import { isInstalled } from "./encoders.ts";
import type { StreamingSettings } from "./streaming-settings.ts";

/** Ways by which a stream goes out. */
export const TRANSPORTS = ["mjpeg", "webrtc", "websocket"] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** What can be used, and what has to be installed for what cannot. */
export type TransportStates = Readonly<
  Record<TransportName, { readonly available: boolean; readonly install?: string }>
>;

/** A stream, published in all ways that there are. */
export type Publications = Readonly<Partial<Record<TransportName, Publication>>> & {
  readonly mjpeg: Publication;
};

/** Publishes hubs. */
export interface Transports {
  readonly states: TransportStates;
  /** @param rows - of the picture at its best */
  publish(hub: FrameHub, rows: number, isSmaller: boolean): Publications;
}

/** Rows that viewers on slower roads get, and bits a second that suit them. */
const TIERS = [
  { height: 2_160, bitrate: 12_000_000 },
  { height: 1_080, bitrate: 4_000_000 },
  { height: 720, bitrate: 2_000_000 },
  { height: 480, bitrate: 800_000 },
  { height: 270, bitrate: 300_000 },
];
const MOST_TIERS = 3;

/**
 * Makes the transports of a server.
 *
 * @param missingVideo - the command that installs an encoder of video, where there is none
 */
export function createTransports(
  settings: StreamingSettings,
  admission: Admission,
  missingVideo: string | undefined,
): Transports {
  const { webrtcAddresses, webrtcPorts } = settings;
  const missingRtc =
    missingVideo ?? (isInstalled("werift") ? undefined : "npm install werift@0.25.2");
  const rtc = webrtc({
    peers: werift(),
    iceServers: iceServersOf(settings),
    ...(webrtcAddresses.length > 0 && { hostAddresses: webrtcAddresses }),
    ...(webrtcPorts && { portRange: webrtcPorts }),
  });
  const missingWs = isInstalled("ws") ? undefined : "npm install ws@^8.23.0";
  const sockets = websocket();
  // The server has asked where a request comes from before it comes here; it also knows names of proxies.
  const common = { admission, allowedOrigins: "*" } as const;
  return {
    states: {
      mjpeg: { available: true },
      webrtc: stateOf(missingRtc),
      websocket: stateOf(missingWs),
    },
    publish: (hub, rows, isSmaller) => {
      const renditions = tiersFor(rows);
      return {
        // Old clients look for the word.
        mjpeg: mjpeg().publish(hub, {
          ...{ ...common, boundary: "frame" },
          ...(isSmaller && { pictures: { height: rows } }),
        }),
        ...(missingRtc === undefined && {
          webrtc: rtc.publish(hub, { ...common, renditions }),
        }),
        ...(missingWs === undefined && {
          websocket: sockets.publish(hub, { ...common, renditions }),
        }),
      };
    },
  };
}

function iceServersOf({
  iceServers,
  turnUser: username,
  turnPassword: credential,
}: StreamingSettings): readonly IceServer[] {
  const isTurn = (urls: string): boolean => /^turns?:/i.test(urls);
  if (iceServers.some(isTurn) && !(username && credential)) {
    throw new MillraceError(
      "INVALID_OPTION",
      "iceServers names a TURN server; give turnUser and turnPassword too (MILLRACE_TURN_USER, MILLRACE_TURN_PASSWORD).",
    );
  }
  return iceServers.map((urls) =>
    isTurn(urls) && username && credential ? { urls, username, credential } : { urls },
  );
}

function stateOf(install: string | undefined): TransportStates[TransportName] {
  return install === undefined ? { available: true } : { available: false, install };
}

/** The picture at the size it has, and two smaller ones. */
function tiersFor(rows: number): readonly { height: number; bitrate: number }[] {
  const enough = TIERS.findLast(({ height }) => height >= rows) ?? TIERS[0];
  const bitrate = enough?.bitrate ?? 2_000_000;
  const smaller = TIERS.filter(({ height }) => height < rows);
  return [{ height: rows, bitrate }, ...smaller].slice(0, MOST_TIERS);
}
