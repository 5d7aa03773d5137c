import type { ComparedPart, LoadCheck } from "@millrace/vm-sink";

/** What the database holds of one array, against what was sent. */
export interface VerifiedArray extends Omit<ComparedPart, "value"> {
  readonly serial: string;
}

/** What `--verify` found, or why it could not be done; empty where nobody asked. */
export interface Verification {
  readonly verified?: readonly VerifiedArray[];
  readonly verifyError?: string;
}

/** Counts the samples of each array again; never rejects, because the load is done. */
export async function verifyArrays(check: LoadCheck, signal: AbortSignal): Promise<Verification> {
  try {
    signal.throwIfAborted();
    const parts = await check.compare({ signal });
    return { verified: parts.map(({ value, ...part }) => ({ serial: value, ...part })) };
  } catch (error) {
    return { verifyError: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether anything is missing, or cannot be told to be there. */
export function isUnproven({ verified = [] }: Verification): boolean {
  return verified.some(({ verdict }) => verdict !== "complete");
}
