import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { BlockList, isIP, isIPv6 } from "node:net";
import { MillraceError } from "@millrace/core";

/**
 * What is not on the public internet: this machine, private and shared networks, the metadata services
 * of cloud providers (169.254.169.254, 100.100.100.200), multicast and what is reserved (RFC 6890).
 */
const NOT_PUBLIC = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32], // Azure's own services
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, "ipv4");
}

/** Global unicast (RFC 4291); the rest of the space is not public or wraps an IPv4 address. */
const PUBLIC_V6 = new BlockList();
PUBLIC_V6.addSubnet("2000::", 3, "ipv6");
const NOT_PUBLIC_V6 = new BlockList();
NOT_PUBLIC_V6.addSubnet("2001::", 23, "ipv6"); // protocol assignments, Teredo
NOT_PUBLIC_V6.addSubnet("2001:db8::", 32, "ipv6");
NOT_PUBLIC_V6.addSubnet("2002::", 16, "ipv6"); // 6to4 wraps an IPv4 address
NOT_PUBLIC_V6.addSubnet("3fff::", 20, "ipv6");

/** Whether an IP address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  if (!isIPv6(address)) return isIP(address) === 4 && !NOT_PUBLIC.check(address, "ipv4");
  const [bare = ""] = address.split("%");
  return PUBLIC_V6.check(bare, "ipv6") && !NOT_PUBLIC_V6.check(bare, "ipv6");
}

type LookupCallback = (
  error: Error | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Which addresses may be connected to. */
export interface AddressGuard {
  /**
   * Refuses a host that is an address by itself; one that is a name is checked by `lookup`.
   *
   * @throws MillraceError UNSUPPORTED
   */
  checkHost(hostname: string): void;
  /**
   * Resolves the name for a connection and refuses one that has any address it must not have. What is
   * checked is what is connected to: a name that answers differently the second time gains nothing.
   */
  lookup(hostname: string, options: LookupOptions, callback: LookupCallback): void;
}

/** Allows what `isAllowed` says. */
export function addressGuard(isAllowed: (address: string) => boolean): AddressGuard {
  return {
    checkHost(hostname) {
      const bare = hostname.replace(/^\[|\]$/g, "");
      if (isIP(bare) !== 0 && !isAllowed(bare)) throw notPublic(bare, bare);
    },
    lookup(hostname, options, callback) {
      lookup(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) {
          callback(error, []);
          return;
        }
        const [first] = addresses;
        const secret = addresses.find(({ address }) => !isAllowed(address));
        if (secret !== undefined) callback(notPublic(hostname, secret.address), []);
        else if (options.all === true || first === undefined) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    },
  };
}

/** Allows the public internet alone. */
export const publicOnly: AddressGuard = addressGuard(isPublicAddress);

function notPublic(hostname: string, address: string): MillraceError {
  const what = hostname === address ? address : `${hostname} (${address})`;
  return new MillraceError(
    "UNSUPPORTED",
    `${what} is no public address, and URLs may not lead to others here; set "allowPrivateAddresses" where only you name the URLs.`,
  );
}
