import type { IncomingMessage, ServerResponse } from "node:http";
import { answer } from "../../http/answer.ts";
import { readSdpFragment } from "../sdp/sdp-fragment.ts";
import { newEtag } from "../session/session-signals.ts";
import type { SignalledSession } from "../session/signalled-session.ts";
import { readBody } from "./read-body.ts";

const FRAGMENT = "application/trickle-ice-sdpfrag";

/**
 * Answers a PATCH on a session: further candidates (204), a new connection over other networks (200), or the answer to
 * our counter-offer (204). RFC 9725, section 4.3, says which precondition each of them needs.
 */
export async function patchSession(
  request: IncomingMessage,
  response: ServerResponse,
  session: SignalledSession,
): Promise<void> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type === "application/sdp") {
    if (!session.isAnswerAwaited) {
      answer(response, 409, {}, "This session is agreed on; no answer is awaited.");
      return;
    }
    await session.acceptAnswer(await readBody(request));
    answer(response, 204);
    return;
  }
  if (type !== FRAGMENT) {
    answer(response, 415, { "accept-patch": FRAGMENT });
    return;
  }
  const fragment = readSdpFragment(await readBody(request));
  const match = request.headers["if-match"];
  const isAny = match === "*" || match === '"*"';
  if (match === undefined) {
    answer(response, 428, {}, "If-Match must name the session's ETag, or * for a restart.");
  } else if (!isAny && match !== session.etag) {
    answer(response, 412, { etag: session.etag });
  } else if (!isAny || fragment.ufrag === session.remoteUfrag) {
    for (const { candidate, mid } of fragment.candidates)
      await session.addCandidate(candidate, mid);
    if (fragment.isEnd) await session.addCandidate("", "");
    answer(response, 204);
  } else if (!session.canRestart) {
    answer(response, 422, {}, "Connections cannot be made anew here; open another session.");
  } else {
    const ours = await session.restart(fragment);
    session.etag = newEtag();
    answer(response, 200, { "content-type": FRAGMENT, etag: session.etag }, ours);
  }
}
