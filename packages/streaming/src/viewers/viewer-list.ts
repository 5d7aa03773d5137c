import { BehaviorSubject, type Observable, share, timer } from "rxjs";
import { map } from "rxjs/operators";
import type { PublicationStats } from "../transport.ts";
import type { Viewer, ViewerStats } from "./viewer.ts";

/** Who watches a publication, and what those who left have been sent. */
export interface ViewerList<V extends Viewer = Viewer> {
  readonly viewers$: Observable<readonly V[]>;
  readonly stats$: Observable<PublicationStats>;
  readonly viewers: readonly V[];
  add(viewer: V): void;
  /** Does nothing when it has been removed. */
  remove(viewer: V): void;
  refused(): void;
  stats(): PublicationStats;
  /** Sends all away. */
  close(reason: string): void;
}

const STATS_MS = 1_000;

/** Makes the list of one publication. */
export function createViewerList<V extends Viewer = Viewer>(transport: string): ViewerList<V> {
  const viewers$ = new BehaviorSubject<readonly V[]>([]);
  const gone = { framesSent: 0, framesDropped: 0, bytesSent: 0 };
  let viewersTotal = 0;
  let viewersRefused = 0;
  const sum = (all: readonly ViewerStats[], field: keyof typeof gone): number =>
    all.reduce((total, one) => total + one[field], gone[field]);
  const stats = (): PublicationStats => {
    const all = viewers$.value.map((viewer) => viewer.stats());
    return {
      transport,
      viewers: all,
      framesSent: sum(all, "framesSent"),
      framesDropped: sum(all, "framesDropped"),
      bytesSent: sum(all, "bytesSent"),
      viewersTotal,
      viewersRefused,
    };
  };
  return {
    viewers$: viewers$.asObservable(),
    stats$: timer(0, STATS_MS).pipe(map(stats), share()),
    get viewers() {
      return viewers$.value;
    },
    add(viewer) {
      viewersTotal++;
      viewers$.next([...viewers$.value, viewer]);
    },
    remove(viewer) {
      if (!viewers$.value.includes(viewer)) return;
      const last = viewer.stats();
      gone.framesSent += last.framesSent;
      gone.framesDropped += last.framesDropped;
      gone.bytesSent += last.bytesSent;
      viewers$.next(viewers$.value.filter((one) => one !== viewer));
    },
    refused() {
      viewersRefused++;
    },
    stats,
    close(reason) {
      for (const viewer of viewers$.value) viewer.close(reason);
    },
  };
}
