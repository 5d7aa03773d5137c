import type { IncomingMessage, ServerResponse } from "node:http";
import { MillraceError } from "@millrace/core";
import { answer, answerError, answerMethod } from "../../http/answer.ts";
import type { PageOrigins } from "../../http/page-origins.ts";
import type { IceServer } from "../peer-transport.ts";
import type { SignalledSession } from "../session/signalled-session.ts";
import { iceLinks } from "./ice-link.ts";
import { readJsonOffer } from "./json-offer.ts";
import { patchSession } from "./patch-session.ts";
import { BodyTooLong, readBody } from "./read-body.ts";

/** What requests are answered with. */
export interface SignallingOptions {
  /** Answers an offer. */
  readonly open: (offer: string, signal: AbortSignal) => Promise<SignalledSession>;
  /** Makes an offer to one who came with none that could be answered; without it, such a one is refused. */
  readonly counterOffer?: (signal: AbortSignal) => Promise<SignalledSession>;
  readonly find: (id: string) => SignalledSession | undefined;
  /** What a viewer is told to go by. */
  readonly iceServersFor: (request: IncomingMessage) => readonly IceServer[];
  /** Whose pages may ask. */
  readonly origins: PageOrigins;
  readonly authorize:
    | ((request: IncomingMessage, token: string | undefined) => boolean | Promise<boolean>)
    | undefined;
}

const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
/** Headers of ours that a page of elsewhere may read. */
const EXPOSED = ["Location", "ETag", "Link", "Accept-Patch", "Retry-After"];

/** Answers the requests of WHEP (draft-ietf-wish-whep-04) and those of the form `POST …/offer` with JSON. */
export function createSignalling(
  options: SignallingOptions,
): (request: IncomingMessage, response: ServerResponse, path?: string) => Promise<void> {
  const create = async (
    request: IncomingMessage,
    response: ServerResponse,
    base: string,
  ): Promise<void> => {
    if (typeOf(request) !== SDP) {
      answer(response, 415, { "accept-post": SDP }, `The offer comes as ${SDP}.`);
      return;
    }
    const gone = whenGone(response);
    const { session, status } = await openOrCounter(await readBody(request), gone);
    if (gone.aborted) session.close("it left while it was joining");
    const links = iceLinks(options.iceServersFor(request));
    answer(
      response,
      status,
      {
        "content-type": SDP,
        location: `${base}/${session.id}`,
        etag: session.etag,
        "accept-patch": FRAGMENT,
        ...(links && { link: links }),
      },
      session.peer.localDescription,
    );
  };
  const openOrCounter = async (
    offer: string,
    signal: AbortSignal,
  ): Promise<{ readonly session: SignalledSession; readonly status: number }> => {
    try {
      return { session: await options.open(offer, signal), status: 201 };
    } catch (error) {
      const isOther = !MillraceError.is(error) || error.code !== "UNSUPPORTED";
      if (isOther || !options.counterOffer) throw error;
      return { session: await options.counterOffer(signal), status: 406 };
    }
  };
  const createByJson = async (
    request: IncomingMessage,
    response: ServerResponse,
    base: string,
  ): Promise<void> => {
    if (typeOf(request) !== "application/json") {
      answer(response, 415, { "accept-post": "application/json" });
      return;
    }
    const gone = whenGone(response);
    const session = await options.open(readJsonOffer(await readBody(request)), gone);
    if (gone.aborted) session.close("it left while it was joining");
    answer(
      response,
      200,
      { "content-type": "application/json", location: `${base}/${session.id}` },
      JSON.stringify({
        type: "answer",
        sdp: session.peer.localDescription,
        session: session.id,
      }),
    );
  };
  const onSession = async (
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
  ): Promise<void> => {
    const session = options.find(id);
    if (!session) throw new MillraceError("NOT_FOUND", "There is no such session.");
    if (request.method === "DELETE") {
      session.close("it left");
      answer(response, 200);
    } else if (request.method === "PATCH") {
      await patchSession(request, response, session);
    } else {
      answerMethod(response, ["DELETE", "PATCH", "OPTIONS"]);
    }
  };

  return async (request, response, path) => {
    const route = routeOf(request, path, (id) => options.find(id) !== undefined);
    const refusal = options.origins.refusalOf(request.headers);
    if (refusal) {
      request.resume();
      answerError(response, refusal, 403);
      return;
    }
    const permission = Object.entries(options.origins.permissionFor(request.headers));
    for (const [name, value] of permission) response.setHeader(name, value);
    if (permission.length > 0) {
      response.setHeader("access-control-expose-headers", EXPOSED.join(", "));
    }
    try {
      if (request.method === "OPTIONS") {
        answer(response, 204, preflight(route.kind));
        return;
      }
      const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
      if (options.authorize && !(await options.authorize(request, token))) {
        answer(response, 401, { "www-authenticate": "Bearer" });
        return;
      }
      if (route.kind === "session") await onSession(request, response, route.id);
      else if (request.method !== "POST") answerMethod(response, ["POST", "OPTIONS"]);
      else if (route.kind === "json") await createByJson(request, response, route.base);
      else await create(request, response, route.base);
    } catch (error) {
      if (error instanceof BodyTooLong) {
        // What is still to come is not waited for.
        answer(response, 413, { connection: "close" }, "64 KiB may be sent.");
        response.once("finish", () => request.destroy());
      } else {
        // What is offered is not what is spoken here.
        const isUnsupported = MillraceError.is(error) && error.code === "UNSUPPORTED";
        answerError(response, error, isUnsupported ? 406 : undefined);
      }
    } finally {
      if (!request.readableEnded) request.resume();
    }
  };
}

type Route =
  | { readonly kind: "whep" | "json"; readonly base: string }
  | { readonly kind: "session"; readonly id: string };

/** What a request is about; `base` is the address that sessions stand under. */
function routeOf(
  request: IncomingMessage,
  path: string | undefined,
  isSession: (id: string) => boolean,
): Route {
  const whole = (request.url ?? "").split("?")[0] ?? "";
  const last = (path ?? whole).split("/").filter(Boolean).at(-1) ?? "";
  const above = whole.replace(/\/+$/, "").replace(/\/[^/]*$/, "");
  if (last === "offer") return { kind: "json", base: above };
  const isOfSession = request.method === "DELETE" || request.method === "PATCH";
  if (isOfSession || isSession(last)) return { kind: "session", id: last };
  return { kind: "whep", base: whole.replace(/\/+$/, "") };
}

function preflight(kind: Route["kind"]): Readonly<Record<string, string>> {
  return {
    ...(kind === "whep" && { "accept-post": SDP }),
    "access-control-allow-methods": "POST, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": "Authorization, Content-Type, If-Match",
    "access-control-max-age": "600",
  };
}

function typeOf(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** Aborted when the caller goes away before it has its answer. */
function whenGone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) {
      controller.abort(new MillraceError("ABORTED", "The viewer has gone away."));
    }
  });
  return controller.signal;
}
