import { type IceUrl, iceUrls, isSpoken } from "../webrtc/ice-server.ts";
import type { IceServer } from "../webrtc/peer-transport.ts";

/** How werift speaks to TURN servers. */
export const TURN: readonly IceUrl["transport"][] = ["udp", "tcp", "tls"];

/**
 * The servers that werift can speak to, in its words. It speaks to STUN servers over UDP whatever their address says, and
 * passes over those of TURN whose transport is in capitals.
 *
 * @throws MillraceError INVALID_OPTION when one is no address
 */
export function weriftIceServers(
  iceServers: readonly IceServer[] = [],
): readonly { readonly urls: string }[] {
  return iceUrls(iceServers).flatMap((server) => {
    const { kind, host, port, transport, username, credential } = server;
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    if (kind === "stun") return transport === "udp" ? [{ urls: `stun:${address}` }] : [];
    if (!isSpoken(server, TURN)) return [];
    const urls =
      transport === "tls" ? `turns:${address}` : `turn:${address}?transport=${transport}`;
    return [{ urls, username, credential }];
  });
}
