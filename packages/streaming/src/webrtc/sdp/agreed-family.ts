import { MillraceError } from "@millrace/core";
import type { EncodedVideoFamily } from "@millrace/media";
import { readDescription } from "./read-description.ts";

/**
 * The codec that is answered to an offer: ours that we like best of those offered; undefined when no video is offered.
 *
 * @throws MillraceError CORRUPT_INPUT when it is no offer, UNSUPPORTED when video is offered and none of ours is in it
 */
export function agreedFamily(
  offer: string,
  families: readonly EncodedVideoFamily[],
): EncodedVideoFamily | undefined {
  const offered = readDescription(offer);
  const family = families.find((ours) => offered.families.includes(ours));
  if (family === undefined && offered.hasVideo && families.length > 0) {
    throw new MillraceError(
      "UNSUPPORTED",
      `The offer has none of the codecs that are sent here: ${families.join(", ")} (H.264 in packetization mode 1).`,
    );
  }
  return family;
}
