import { MillraceError } from "@millrace/core";
import type { IceServer, PeerOptions, PeerTransport } from "./peer-transport.ts";

/** One address of a STUN or TURN server, taken apart. */
export interface IceUrl {
  readonly kind: "stun" | "turn";
  /** A name or an address, of IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  /** What carries what is said to it. */
  readonly transport: "udp" | "tcp" | "tls" | "dtls";
  readonly username?: string;
  readonly credential?: string;
}

/** RFC 7064 and 7065: without an authority's slashes, and TURN alone may name a transport. */
const FORM =
  /^(stun|turn)(s?):(\[[\da-f:.]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?(\?transport=(udp|tcp))?$/i;
/** Of those RFCs, and of TLS. */
const [PORT, SECURE_PORT] = [3478, 5349];

/** Two answers of a TURN server from the other side of the world take half as long, and by TLS all of it. */
const GATHER_LIMIT_MS = 2_000;
/** Where there is no other road. */
const RELAY_LIMIT_MS = 10_000;

/**
 * How long to wait for servers before an answer goes out. Candidates are told all at once, in it, so that a server which
 * says nothing holds up each viewer; those that come later are not used.
 */
export function gatherLimitMs({
  iceTransportPolicy,
}: Pick<PeerOptions, "iceTransportPolicy">): number {
  return iceTransportPolicy === "relay" ? RELAY_LIMIT_MS : GATHER_LIMIT_MS;
}

/**
 * Every address of some servers, with the ports and transports that go without saying.
 *
 * @throws MillraceError INVALID_OPTION when one is no address, or TURN has no name and password
 */
export function iceUrls(servers: readonly IceServer[]): readonly IceUrl[] {
  return servers.flatMap(({ urls, username, credential }) =>
    [urls].flat().map((url): IceUrl => {
      const [, kind = "", secure = "", host = "", port, query, named] = FORM.exec(url) ?? [];
      const isTurn = kind.toLowerCase() === "turn";
      // Some libraries take a login in the address, which no message may show.
      const shown = String(url).replace(/^([^:]*:).*@/s, "$1…@");
      if (kind === "" || Number(port ?? 1) > 65_535 || Number(port) === 0 || (query && !isTurn)) {
        throw new MillraceError(
          "INVALID_OPTION",
          `iceServers: ${JSON.stringify(shown)} is no address of a STUN or TURN server; give one such as "stun:host:3478" or "turn:host:3478?transport=udp".`,
        );
      }
      if (isTurn && !(username && credential)) {
        throw new MillraceError(
          "INVALID_OPTION",
          `iceServers: ${url} wants a username and a credential.`,
        );
      }
      const carrier = named?.toLowerCase() ?? (secure ? "tcp" : "udp");
      return {
        kind: isTurn ? "turn" : "stun",
        host: host.replace(/^\[|\]$/g, ""),
        port: port === undefined ? (secure ? SECURE_PORT : PORT) : Number(port),
        transport: secure
          ? carrier === "tcp"
            ? "tls"
            : "dtls"
          : carrier === "tcp"
            ? "tcp"
            : "udp",
        ...(isTurn && username && credential && { username, credential }),
      };
    }),
  );
}

const TURN_FORMS = {
  udp: '"turn:host?transport=udp"',
  tcp: '"turn:host?transport=tcp"',
  tls: '"turns:host"',
  dtls: '"turns:host?transport=udp"',
} as const;

/**
 * Refuses servers that are none, and roads over TURN alone where no server of it can be spoken to.
 *
 * @param what - for the message
 * @throws MillraceError INVALID_OPTION
 */
export function checkIce(
  what: string,
  { iceServers = [], iceTransportPolicy }: Pick<PeerOptions, "iceServers" | "iceTransportPolicy">,
  { name, capabilities: { relayOnly, turn } }: PeerTransport,
): void {
  const servers = iceUrls(iceServers);
  if (iceTransportPolicy === "relay" && !relayOnly) {
    throw new MillraceError(
      "INVALID_OPTION",
      `${what}: iceTransportPolicy is "relay", and ${name} would go other ways too; use werift().`,
    );
  }
  if (iceTransportPolicy !== "relay" || servers.some((server) => isSpoken(server, turn))) return;
  const forms = turn.map((transport) => TURN_FORMS[transport]).join(" or ");
  throw new MillraceError(
    "INVALID_OPTION",
    `${what}: iceTransportPolicy is "relay", and iceServers have no TURN server that ${name} can speak to; give one${forms && ` such as ${forms}`}.`,
  );
}

/** Whether it is a TURN server that is spoken to over one of these. */
export function isSpoken(
  { kind, transport }: IceUrl,
  transports: readonly IceUrl["transport"][],
): boolean {
  return kind === "turn" && transports.includes(transport);
}

/** Those of somebody else's that can be read. */
export function readableServers(servers: readonly IceServer[]): readonly IceServer[] {
  return servers.filter((server) => {
    try {
      return iceUrls([server]).length > 0;
    } catch {
      return false;
    }
  });
}
