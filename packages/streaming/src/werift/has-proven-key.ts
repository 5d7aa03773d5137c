import { createPublicKey, verify, X509Certificate } from "node:crypto";
import type { WeriftDtls } from "./werift-library.ts";

const [SERVER_KEY_EXCHANGE, CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE] = [12, 15, 16];
/** Hashes and signatures by the numbers of RFC 5246, 7.4.1.4.1; SHA-1 and MD5 prove nothing any more. */
const HASHES = new Map([
  [4, "sha256"],
  [5, "sha384"],
  [6, "sha512"],
]);
const KEYS = new Map([
  [1, "rsa"],
  [3, "ec"],
]);

/**
 * Whether the other side has signed the handshake of DTLS 1.2 with the key of its certificate. werift compares the
 * certificate with the fingerprint of the description, but reads no signature: anybody on the road could have sent a
 * certificate, which is no secret.
 *
 * A client signs all messages before (RFC 5246, 7.4.8), a server both random numbers and its half of the key exchange
 * (RFC 8422, 5.4). The half that is signed must be the one that is used: werift hashes the first message of a kind and
 * obeys the last one.
 */
export function hasProvenKey(dtls: WeriftDtls, role: "client" | "server"): boolean {
  const messages = dtls.dtls.sortedHandshakeCache;
  const wanted = role === "server" ? CERTIFICATE_VERIFY : SERVER_KEY_EXCHANGE;
  const at = messages.findIndex(({ msg_type }) => msg_type === wanted);
  const { fragment } = messages[at] ?? {};
  const { remoteCertificate, localRandom, remoteRandom, remoteKeyPair } = dtls.cipher;
  const used = remoteKeyPair?.publicKey;
  if (!fragment || !remoteCertificate || !localRandom || !remoteRandom || !used) return false;
  if (role === "server") {
    const before = messages.slice(0, at);
    // A point behind its length.
    const half = before.find(({ msg_type }) => msg_type === CLIENT_KEY_EXCHANGE)?.fragment;
    const signed = Buffer.concat(before.map((message) => message.serialize()));
    return half?.subarray(1).equals(used) === true && isSigned(remoteCertificate, signed, fragment);
  }
  // A kind of curve, its number, and a point behind its length.
  const end = 4 + (fragment[3] ?? 0);
  if (!fragment.subarray(4, end).equals(used)) return false;
  const signed = [localRandom.serialize(), remoteRandom.serialize(), fragment.subarray(0, end)];
  return isSigned(remoteCertificate, Buffer.concat(signed), fragment.subarray(end));
}

/** Two numbers for the algorithm, a length and a signature. */
function isSigned(certificate: Buffer, data: Buffer, signature: Buffer): boolean {
  const hash = HASHES.get(signature[0] ?? 0);
  const kind = KEYS.get(signature[1] ?? 0);
  if (hash === undefined || signature.length < 4) return false;
  try {
    const key = createPublicKey(new X509Certificate(certificate).toString());
    if (key.asymmetricKeyType !== kind) return false;
    return verify(hash, data, key, signature.subarray(4, 4 + signature.readUInt16BE(2)));
  } catch {
    return false;
  }
}
