import { useEffect, useState } from "preact/hooks";
import type { Store } from "./store.ts";

/** The value of a store; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(() => store.get());
  useEffect(() => {
    const update = () => setValue(() => store.get());
    // It may have changed between the drawing and this effect.
    update();
    return store.subscribe(update);
  }, [store]);
  return value;
}
