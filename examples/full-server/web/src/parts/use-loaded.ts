import { useEffect, useState } from "preact/hooks";
import { messageOf } from "../api/api-error.ts";

/** Something that is read from the server; `value` stays while the next one is read. */
export interface Loaded<T> {
  readonly value: T | undefined;
  readonly loading: boolean;
  readonly problem: string | undefined;
}

/** Reads again when one of `inputs` changes, and gives up what it was reading then. */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({
    value: undefined,
    loading: true,
    problem: undefined,
  });
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    setState(({ value }) => ({ value, loading: true, problem: undefined }));
    load(signal).then(
      (value) => {
        if (!signal.aborted) setState({ value, loading: false, problem: undefined });
      },
      (error: unknown) => {
        if (signal.aborted) return;
        setState(({ value }) => ({ value, loading: false, problem: messageOf(error) }));
      },
    );
    return () => ending.abort();
  }, inputs);
  return state;
}
