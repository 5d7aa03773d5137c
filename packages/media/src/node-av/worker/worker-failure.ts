import type { WireFailure } from "../protocol.ts";

/** A failure that the other side makes a MillraceError of; workers load nothing that is not their own. */
export class WorkerFailure extends Error {
  readonly code: WireFailure["code"];

  constructor(code: WireFailure["code"], message: string) {
    super(message);
    this.code = code;
  }
}
