import { withAccessToken } from "../state/session.ts";
import type { Job, LogLine } from "./types.ts";

/** How often a broken event source is opened anew when the browser has given up. */
const REOPEN_MS = 5_000;

/** What becomes of the events of the server. */
export interface LiveEventHandlers {
  /** The source is open; what changed before is not told. */
  readonly onOpen: () => void;
  /** The source is broken; it is opened again until `close`. */
  readonly onBroken: () => void;
  readonly onJob: (job: Job) => void;
  readonly onLog: (line: LogLine & { readonly jobId: string }) => void;
  readonly onJobRemove: (id: string) => void;
  readonly onArrays: () => void;
}

/** Listens to the server. Returns the function that ends it. */
export function openLiveEvents(handlers: LiveEventHandlers): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(withAccessToken("/v1/events"));
    source.addEventListener("open", handlers.onOpen);
    source.addEventListener("error", () => {
      handlers.onBroken();
      // An error status ends an event source for good; a broken connection does not.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, REOPEN_MS);
    });
    source.addEventListener("job", ({ data }) => handlers.onJob(JSON.parse(data)));
    source.addEventListener("log", ({ data }) => handlers.onLog(JSON.parse(data)));
    source.addEventListener("job-remove", ({ data }) => handlers.onJobRemove(JSON.parse(data).id));
    source.addEventListener("arrays", handlers.onArrays);
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
