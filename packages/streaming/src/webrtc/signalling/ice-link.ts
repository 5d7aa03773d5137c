import type { IceServer } from "../peer-transport.ts";

/** STUN and TURN servers as the values of one `Link` header (RFC 9725, section 4.6); "" when there are none. */
export function iceLinks(servers: readonly IceServer[]): string {
  return servers
    .flatMap(({ urls, username, credential }) =>
      (typeof urls === "string" ? [urls] : urls).map((url) => {
        const parts = [`<${url}>`, 'rel="ice-server"'];
        if (username !== undefined) parts.push(`username=${quoted(username)}`);
        if (credential !== undefined) {
          parts.push(`credential=${quoted(credential)}`, 'credential-type="password"');
        }
        return parts.join("; ");
      }),
    )
    .join(", ");
}

/** The servers that `Link` headers name (RFC 8288). Others, and TURN without a login, are passed over: a browser throws. */
export function readIceLinks(header: string): readonly IceServer[] {
  const servers: IceServer[] = [];
  for (const [, url = "", rest = ""] of header.matchAll(
    /<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)/g,
  )) {
    const parameters = new Map<string, string>();
    for (const [, name = "", inQuotes, bare] of rest.matchAll(
      /;\s*([\w*-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/g,
    )) {
      parameters.set(name.toLowerCase(), inQuotes?.replace(/\\(.)/g, "$1") ?? bare ?? "");
    }
    const [, kind] = /^(stun|turn)s?:/i.exec(url) ?? [];
    if (parameters.get("rel") !== "ice-server" || kind === undefined) continue;
    const username = parameters.get("username");
    const credential = parameters.get("credential");
    const hasLogin = username !== undefined && credential !== undefined;
    if (hasLogin) servers.push({ urls: url, username, credential });
    else if (kind.toLowerCase() === "stun") servers.push({ urls: url });
  }
  return servers;
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
