import type { Peer } from "../peer-transport.ts";
import type { SdpFragment } from "../sdp/sdp-fragment.ts";

/** A session as the requests about it see it. */
export interface SignalledSession {
  /** Stands in its address and cannot be guessed. */
  readonly id: string;
  readonly peer: Peer;
  /** Changes whenever the connection is made anew: what a request about it must name. */
  etag: string;
  /** Whether we made the offer and the other side has not answered it. */
  readonly isAnswerAwaited: boolean;
  readonly canRestart: boolean;
  /** By which the other side's candidates are known; changes with a restart. */
  readonly remoteUfrag: string | undefined;
  acceptAnswer(sdp: string): Promise<void>;
  addCandidate(candidate: string, mid: string): Promise<void>;
  /** Makes the connection anew with other credentials; gives ours. */
  restart(fragment: SdpFragment): Promise<string>;
  close(reason?: string): void;
}
