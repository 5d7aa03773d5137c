import { BlockList, isIP } from "node:net";

const PRIVATE = new BlockList();
// RFC 1918, 6598, 3927; RFC 4193, 4291.
PRIVATE.addSubnet("127.0.0.0", 8);
PRIVATE.addSubnet("10.0.0.0", 8);
PRIVATE.addSubnet("172.16.0.0", 12);
PRIVATE.addSubnet("192.168.0.0", 16);
PRIVATE.addSubnet("100.64.0.0", 10);
PRIVATE.addSubnet("169.254.0.0", 16);
PRIVATE.addAddress("::1", "ipv6");
PRIVATE.addSubnet("fc00::", 7, "ipv6");
PRIVATE.addSubnet("fe80::", 10, "ipv6");

/** Names that only a network of one's own resolves; one without a dot is such a name, too. */
const LOCAL_NAME =
  /^[^.]+\.?$|\.(?:localhost|local|internal|lan|home\.arpa|svc|cluster\.local)\.?$/i;

/**
 * Whether a host is in a network of one's own, where bytes cost less than compressing them. Judged by its
 * name or address alone: nothing is looked up.
 *
 * @param host - as in a URL: an IPv6 address may stand in brackets
 */
export function isPrivateHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  const version = isIP(bare);
  if (version === 0) return LOCAL_NAME.test(bare);
  return PRIVATE.check(bare, version === 6 ? "ipv6" : "ipv4");
}
