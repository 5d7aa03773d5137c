import type { IceServer } from "../webrtc/peer-transport.ts";
import { readIceLinks } from "../webrtc/signalling/ice-link.ts";
import type { PageCandidate, PagePeerConnection } from "./peer-connection.ts";

/** How a {@link openWhepSession} speaks to the server. */
export interface WhepAccess {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/** A session on a server of WHEP. */
export interface WhepSession {
  /** Servers that the answer named. */
  readonly iceServers: readonly IceServer[];
  /** Ends it; also when the page is just being left. */
  end(): void;
}

/** An answer of the server that is none. */
export interface WhepRefusal {
  readonly status: number;
}

const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
/** Candidates come in groups; one request for each would be many. */
const GATHER_MS = 40;

/**
 * Offers at once, without waiting for candidates, which are sent behind it (draft-ietf-wish-whep-04). Where the server
 * counters with an offer of its own (406), that is answered instead.
 *
 * @param renew - makes another connection for an offer of the server: the one that has offered itself cannot take it
 */
export async function openWhepSession(
  connection: PagePeerConnection,
  access: WhepAccess,
  renew: () => PagePeerConnection,
): Promise<WhepSession | WhepRefusal> {
  const { url, headers, fetch: request, signal } = access;
  const found: PageCandidate[] = [];
  let isComplete = false;
  let send: (() => void) | undefined;
  const gather = (from: PagePeerConnection): void => {
    from.onicecandidate = ({ candidate }) => {
      // Some browsers say the end with an empty candidate, and then once more with none.
      if (candidate?.candidate) found.push(candidate);
      else isComplete = true;
      send?.();
    };
  };
  gather(connection);
  await connection.setLocalDescription();
  const response = await request(url, {
    method: "POST",
    headers: { ...headers, "content-type": SDP },
    body: connection.localDescription?.sdp ?? "",
    signal,
  });
  const location = response.headers.get("location");
  const isCounter = response.status === 406 && location !== null;
  if ((response.status !== 201 && !isCounter) || location === null) {
    await response.body?.cancel();
    return { status: response.status };
  }
  const at = new URL(location, response.url || url);
  const etag = response.headers.get("etag");
  const end = (): void => {
    void request(at, { method: "DELETE", headers, keepalive: true }).catch(() => {});
  };
  let used = connection;
  try {
    const sdp = await response.text();
    if (isCounter) {
      found.length = 0;
      isComplete = false;
      used = renew();
      gather(used);
      await used.setRemoteDescription({ type: "offer", sdp });
      await used.setLocalDescription();
      const answered = await request(at, {
        method: "PATCH",
        headers: { ...headers, "content-type": SDP, ...(etag && { "if-match": etag }) },
        body: used.localDescription?.sdp ?? "",
        signal,
      });
      await answered.body?.cancel();
      if (!answered.ok) {
        end();
        return { status: answered.status };
      }
    } else {
      await connection.setRemoteDescription({ type: "answer", sdp });
    }
  } catch (error) {
    end();
    throw error;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = async (): Promise<void> => {
    timer = undefined;
    const candidates = found.splice(0);
    if (candidates.length === 0 && !isComplete) return;
    const patched = await request(at, {
      method: "PATCH",
      headers: { ...headers, "content-type": FRAGMENT, ...(etag && { "if-match": etag }) },
      body: sdpFragment(used.localDescription?.sdp ?? "", candidates, isComplete),
      signal,
    });
    await patched.body?.cancel();
  };
  send = () => {
    // A server that takes no candidates learns ours from the packets that they send.
    timer ??= setTimeout(() => void flush().catch(() => {}), GATHER_MS);
  };
  if (found.length > 0 || isComplete) send();
  signal.addEventListener("abort", () => clearTimeout(timer));
  return { iceServers: readIceLinks(response.headers.get("link") ?? ""), end };
}

/** Candidates in the form of RFC 8840, with the section of our description that they are for. */
export function sdpFragment(
  sdp: string,
  candidates: readonly PageCandidate[],
  isComplete: boolean,
): string {
  const value = (name: string): string =>
    new RegExp(`^a=${name}:(.*)$`, "m").exec(sdp)?.[1]?.trim() ?? "";
  const media = /^m=.*$/m.exec(sdp)?.[0]?.trim() ?? "m=audio 9 UDP/TLS/RTP/SAVPF 0";
  // All media go over one road, so that all candidates are of the first section.
  return [
    `a=ice-ufrag:${value("ice-ufrag")}`,
    `a=ice-pwd:${value("ice-pwd")}`,
    media,
    `a=mid:${value("mid")}`,
    ...candidates.map(({ candidate }) => `a=${candidate.replace(/^a=/, "")}`),
    ...(isComplete ? ["a=end-of-candidates"] : []),
    "",
  ].join("\r\n");
}
