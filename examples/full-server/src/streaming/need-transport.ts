import { MillraceError } from "@millrace/core";
import type { Publication } from "@millrace/streaming";
import type { OpenStream } from "./stream-shelf.ts";
import type { TransportName, TransportStates } from "./transports.ts";

/**
 * A stream's publication over a transport.
 *
 * @throws MillraceError MISSING_DEPENDENCY when something has to be installed first
 */
export function needTransport(
  { publications }: OpenStream,
  name: TransportName,
  states: TransportStates,
): Publication {
  const publication = publications[name];
  if (publication) return publication;
  throw new MillraceError(
    "MISSING_DEPENDENCY",
    `This server sends nothing over ${name}: ${states[name].install ?? "it is off"}, then start it again. The stream is there as pictures at /mjpeg.`,
  );
}
