import type { Endpoint } from "./endpoint.ts";

/** What is wrong with a server's certificate, by OpenSSL's codes. */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);
const WRONG_TIME: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
/** How servers turn away a client that shows no certificate, or one that they do not trust. */
const CLIENT_REFUSED =
  /alert (?:certificate required|bad certificate|unknown ca|handshake failure)|ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA)/i;

/** What to do about a connection that failed for the sake of a certificate; undefined for other failures. */
export function tlsFailure({ shown }: Endpoint, code: string, text: string): string | undefined {
  if (UNKNOWN_AUTHORITY.has(code)) {
    return `The certificate of ${shown} is signed by nobody that is trusted here (${code}). Give the certificate of its authority, or its own if it signed itself, as tls.ca.`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `The certificate of ${shown} is for another name (${text}). Address it by a name of the certificate, or give that name as tls.serverName.`;
  }
  if (WRONG_TIME.has(code)) {
    return `The certificate of ${shown} is not valid at this time (${code}). Renew it, and check the clock of this machine.`;
  }
  if (CLIENT_REFUSED.test(`${code} ${text}`)) {
    return `${shown} wants a certificate of this client, and trusts none that it was shown (${code || text}). Give one that it trusts as tls.cert and tls.key.`;
  }
  return undefined;
}
