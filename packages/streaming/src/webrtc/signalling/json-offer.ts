import { MillraceError } from "@millrace/core";

/**
 * The offer in a body such as `{ "sdp": "v=0…", "type": "offer" }`.
 *
 * @throws MillraceError CORRUPT_INPUT when it is none
 */
export function readJsonOffer(body: string): string {
  let offer: unknown;
  try {
    offer = JSON.parse(body);
  } catch {
    offer = undefined;
  }
  if (typeof offer === "object" && offer !== null && "sdp" in offer && "type" in offer) {
    const { sdp, type } = offer;
    if (typeof sdp === "string" && type === "offer") return sdp;
  }
  throw new MillraceError("CORRUPT_INPUT", 'The body must be { "sdp": "…", "type": "offer" }.');
}
