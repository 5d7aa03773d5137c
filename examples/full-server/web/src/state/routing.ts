import { createStore, type Store } from "./store.ts";

/** Where the browser is. */
export interface Place {
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
}

/** The place in the address bar. */
export const place: Store<Place> = createStore(here());

addEventListener("popstate", () => place.set(here()));

/** Goes to an address of these pages; `replace` leaves no step to go back to. */
export function navigate(address: string, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  const before = place.get();
  place.set(here());
  if (before.path !== place.get().path) scrollTo(0, 0);
}

function here(): Place {
  return { path: location.pathname, search: location.search };
}
