import { randomBytes } from "node:crypto";
import type { Peer } from "../peer-transport.ts";
import { readDescription } from "../sdp/read-description.ts";
import type { SignalledSession } from "./signalled-session.ts";

/** What a session is asked over HTTP, but for its end. */
export type SessionSignals = Omit<SignalledSession, "close">;

/**
 * Makes what requests about a session need of its peer.
 *
 * @param offer - of the other side; undefined when the offer was ours
 */
export function createSessionSignals(
  peer: Peer,
  offer: string | undefined,
  canRestart: boolean,
): SessionSignals {
  let isAnswerAwaited = offer === undefined;
  let remoteUfrag = offer && ufragOf(offer);
  return {
    id: randomBytes(18).toString("base64url"),
    peer,
    etag: newEtag(),
    get isAnswerAwaited() {
      return isAnswerAwaited;
    },
    canRestart,
    get remoteUfrag() {
      return remoteUfrag;
    },
    async acceptAnswer(sdp) {
      readDescription(sdp);
      await peer.acceptAnswer(sdp);
      isAnswerAwaited = false;
      remoteUfrag = ufragOf(sdp);
    },
    async addCandidate(candidate, mid) {
      await peer.addRemoteCandidate(candidate, mid);
    },
    async restart(fragment) {
      const ours = await peer.restartIce(fragment);
      remoteUfrag = fragment.ufrag;
      return ours;
    },
  };
}

/** A tag that no other connection has, in the form of HTTP. */
export function newEtag(): string {
  return `"${randomBytes(9).toString("base64url")}"`;
}

function ufragOf(description: string): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(description)?.[1];
}
