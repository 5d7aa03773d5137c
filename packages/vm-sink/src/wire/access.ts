import { createSecureContext } from "node:tls";
import { MillraceError } from "@millrace/core";

/** Certificates and keys in PEM, as text or as the bytes of a file. */
export interface TlsOptions {
  /** Authorities to trust instead of the system's; a self-signed certificate is its own authority. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** Certificate and key by which the server knows this client (mTLS). */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Of an encrypted key. */
  readonly passphrase?: string;
  /** Name in the server's certificate. @defaultValue the host of the address */
  readonly serverName?: string;
  /** Talk to whoever answers, whatever its certificate. Only for tests. @defaultValue false */
  readonly insecureSkipVerify?: boolean;
}

/** How a database is reached beside its address: who asks, and whom it trusts. */
export interface AccessOptions {
  /** Sent with every request, such as `X-Scope-OrgID`. Values show up nowhere. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Authorization: Bearer …`. */
  readonly bearerToken?: string;
  /** Sent as `Authorization: Basic …`; the same as a user in the address. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** For an address of `https:`. */
  readonly tls?: TlsOptions;
}

/** Checked {@link AccessOptions}. */
export interface Access {
  /** Sent with every request; in lower case. Never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** What must not be repeated, should a server do so. */
  readonly secrets: readonly string[];
  /** What undici hands to `tls.connect`. */
  readonly tls: Readonly<Record<string, unknown>> | undefined;
}

/** A header's name (RFC 9110 token). */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** What undici and servers take in a value: no control characters, nothing beyond Latin-1. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Those that say what a body is, and how the connection is used: the sink's own matter. */
const OWN_NAMES =
  /^(?:content-(?:type|encoding|length)|transfer-encoding|connection|keep-alive|upgrade|expect|x-prometheus-remote-write-version)$/;
/** Shorter values are in every text, and no secret. */
const SHORTEST_SECRET = 4;

/**
 * Checks options of access.
 *
 * @throws MillraceError INVALID_OPTION naming the option, never its value
 */
export function checkAccess(options: AccessOptions): Access {
  const headers: Record<string, string> = {};
  for (const [given, value] of Object.entries(options.headers ?? {})) {
    const name = given.toLowerCase();
    if (!NAME.test(name))
      throw invalid(`headers has the name ${JSON.stringify(given)}, which is none`);
    if (OWN_NAMES.test(name)) throw invalid(`headers has "${name}", which the sink sets itself`);
    headers[name] = checkValue(`headers["${name}"]`, value);
  }
  const secrets = Object.values(headers);
  const { bearerToken, basic } = options;
  const ways = [headers["authorization"], bearerToken, basic].filter((way) => way !== undefined);
  if (ways.length > 1) {
    throw invalid("give one of bearerToken, basic and headers.authorization, not several");
  }
  if (bearerToken !== undefined) {
    if (bearerToken === "") throw invalid("bearerToken is empty");
    headers["authorization"] = `Bearer ${checkValue("bearerToken", bearerToken)}`;
    secrets.push(bearerToken);
  }
  if (basic !== undefined) {
    const { username, password } = basic;
    if (username.includes(":")) throw invalid("basic.username has a colon, which ends a name");
    const text = Buffer.from(`${username}:${password}`).toString("base64");
    headers["authorization"] = `Basic ${text}`;
    secrets.push(password, text);
  }
  return {
    headers,
    secrets: secrets.filter((secret) => secret.length >= SHORTEST_SECRET),
    tls: options.tls && checkTls(options.tls),
  };
}

/** The text with everything left out that must not be repeated. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}

function checkTls(tls: TlsOptions): Readonly<Record<string, unknown>> {
  const { ca, cert, key, passphrase, serverName, insecureSkipVerify } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid("tls.cert and tls.key belong together; give both or neither");
  }
  const pem = Object.entries({ ca, cert, key, passphrase }).filter(
    ([, value]) => value !== undefined,
  );
  try {
    createSecureContext(Object.fromEntries(pem));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    // OpenSSL names the fault, not the key.
    throw invalid(`tls.ca, tls.cert or tls.key cannot be used (${said}); give them in PEM`);
  }
  return {
    ...Object.fromEntries(pem),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
  };
}

function checkValue(option: string, value: string): string {
  if (VALUE.test(value) && value === value.trim()) return value;
  throw invalid(
    `${option} has a character that no header can hold, or space around it; a file's last newline must go`,
  );
}

function invalid(what: string): MillraceError {
  return new MillraceError("INVALID_OPTION", `victoriaMetrics: ${what}.`);
}
