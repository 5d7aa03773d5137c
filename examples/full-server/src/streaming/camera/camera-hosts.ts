import { lookup as systemLookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { MillraceError } from "@millrace/core";

/** An address that may be connected to. */
export interface CameraAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Which hosts cameras may be on: what keeps callers from reaching, through this server, what only it can reach. */
export interface CameraHosts {
  readonly isOff: boolean;
  /**
   * Resolves a host and says where to connect to: whoever connects to that address, and to no other, is held.
   *
   * @param host - a name or an address, as in a URL
   * @throws MillraceError INVALID_OPTION when it may not be reached, REMOTE_FAILED, retryable, when nobody knows it
   */
  resolve(host: string, port: number): Promise<CameraAddress>;
}

/** Finds all addresses of a name. */
export type Lookup = (name: string) => Promise<readonly CameraAddress[]>;

/** Names lead there only where the address itself is listed: this machine, its links, clouds' metadata, nobody. */
const NEVER_BY_NAME = networks([
  ...["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"],
  ...["100.100.100.200/32", "::/128", "::1/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128"],
  // Other spellings of addresses of the old kind.
  ...["64:ff9b::/96", "2002::/16"],
]);

interface Entry {
  readonly name?: string;
  readonly network?: BlockList;
  readonly port?: number;
}

/**
 * Reads the list.
 *
 * @param list - entries `host`, `host:port`, `192.0.2.7`, `[2001:db8::7]:554` or, as CIDR, `192.168.1.0/24`
 * @throws MillraceError INVALID_OPTION for an entry that is none
 */
export function cameraHosts(list: readonly string[], lookup: Lookup = lookupAll): CameraHosts {
  const entries = list.map(readEntry);
  const isListed = (address: CameraAddress, port: number): boolean =>
    entries.some((entry) => entry.network && fits(entry, port) && holds(entry.network, address));
  const hasNetworks = entries.some(({ network }) => network !== undefined);
  const quietly = async (name: string): Promise<readonly CameraAddress[]> =>
    hasNetworks ? await lookup(name).catch(() => []) : [];
  return {
    isOff: entries.length === 0,
    async resolve(host, port) {
      const plain = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
      const family = isIP(plain);
      if (family !== 0) {
        const address = { address: plain, family: family as 4 | 6 };
        if (isListed(address, port)) return address;
        throw refused(host, port, "is not among them");
      }
      const isNamed = entries.some(({ name, ...entry }) => name === plain && fits(entry, port));
      // Whether a name is known inside is told to nobody who may not go there.
      const found = isNamed ? await addressesOf(plain, lookup) : await quietly(plain);
      const allowed = found.find(
        (address) => isListed(address, port) || (isNamed && mayBeNamed(plain, address)),
      );
      if (allowed) return allowed;
      throw refused(
        host,
        port,
        isNamed ? "leads to an address that must be listed itself" : "is not among them",
      );
    },
  };
}

function mayBeNamed(name: string, address: CameraAddress): boolean {
  if (name === "localhost") return holds(networks(["127.0.0.0/8", "::1/128"]), address);
  return !holds(NEVER_BY_NAME, address);
}

function refused(host: string, port: number, why: string): MillraceError {
  return new MillraceError(
    "INVALID_OPTION",
    `Cameras may be on the hosts of the setting cameraHosts only, and ${host.slice(0, 100)}:${port} ${why}.`,
  );
}

async function addressesOf(name: string, lookup: Lookup): Promise<readonly CameraAddress[]> {
  try {
    return await lookup(name);
  } catch {
    throw new MillraceError("REMOTE_FAILED", `Nobody knows the host ${name.slice(0, 100)}.`, {
      retryable: true,
    });
  }
}

async function lookupAll(name: string): Promise<readonly CameraAddress[]> {
  return (await systemLookup(name, { all: true })) as readonly CameraAddress[];
}

function readEntry(text: string): Entry {
  if (text.includes("/")) return { network: networks([text]) };
  const [, bracketed, bare, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  // An address of the new kind may stand without brackets where it has no port.
  const host = (bracketed ?? bare ?? (isIP(text) === 6 ? text : "")).toLowerCase();
  const isName = /^[a-z\d]([a-z\d.-]*[a-z\d])?$/.test(host) && !/^[\d.]+$/.test(host);
  if ((isIP(host) === 0 && !isName) || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    throw wrong(text);
  }
  return {
    ...(isIP(host) === 0 ? { name: host } : { network: networks([host]) }),
    ...(port !== undefined && { port: Number(port) }),
  };
}

function networks(list: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const text of list) {
    const [address = "", bits] = text.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const most = family === "ipv6" ? 128 : 32;
    const isWrong = bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most);
    if (isIP(address) === 0 || isWrong) throw wrong(text);
    networks.addSubnet(address, bits === undefined ? most : Number(bits), family);
  }
  return networks;
}

function fits({ port }: Entry, asked: number): boolean {
  return port === undefined || port === asked;
}

function holds(network: BlockList, { address, family }: CameraAddress): boolean {
  return network.check(address, family === 6 ? "ipv6" : "ipv4");
}

function wrong(text: string): MillraceError {
  return new MillraceError(
    "INVALID_OPTION",
    `cameraHosts holds ${JSON.stringify(text)}; give camera.example, camera.example:554, 192.168.1.7 or a network such as 192.168.1.0/24.`,
  );
}
