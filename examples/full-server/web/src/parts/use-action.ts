import { useState } from "preact/hooks";
import { messageOf } from "../api/api-error.ts";

/** Something that a button does at the server, and how its last try went wrong. */
export interface Action {
  readonly run: (work: () => Promise<unknown>) => void;
  readonly running: boolean;
  readonly problem: string | undefined;
}

/** Keeps the problem of an action to be shown beside its button. */
export function useAction(): Action {
  const [running, setRunning] = useState(false);
  const [problem, setProblem] = useState<string>();
  const run = (work: () => Promise<unknown>) => {
    setRunning(true);
    setProblem(undefined);
    work()
      .catch((error: unknown) => setProblem(messageOf(error)))
      .finally(() => setRunning(false));
  };
  return { run, running, problem };
}
