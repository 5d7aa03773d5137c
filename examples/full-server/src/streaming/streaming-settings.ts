import type { ServerSettings } from "../settings.ts";

/** The settings that concern live streams. */
export type StreamingSettings = Pick<
  ServerSettings,
  | "cameraHosts"
  | "iceServers"
  | "maxStreams"
  | "maxViewers"
  | "rateLimit"
  | "streamIdleMs"
  | "turnPassword"
  | "turnUser"
  | "webrtcAddresses"
  | "webrtcPorts"
>;
