import type { ArrayReport } from "@millrace/ingest";
import { countSamples } from "@millrace/vm-sink";

/** What the database holds of one array, against what was sent. */
export interface VerifiedArray {
  readonly serial: string;
  readonly sent: number;
  readonly found: number;
  /** Samples that should be there and are not. */
  readonly missing: number;
  /** Samples beyond those sent: the array was loaded before, most likely. */
  readonly extra: number;
}

/** What `--verify` found, or why it could not be done; empty where nobody asked. */
export interface Verification {
  readonly verified?: readonly VerifiedArray[];
  readonly verifyError?: string;
}

/** Counts the samples of each array in its time range; never rejects, because the load is done. */
export async function verifyArrays(
  url: string,
  arrays: readonly ArrayReport[],
  signal: AbortSignal,
): Promise<Verification> {
  const verified: VerifiedArray[] = [];
  try {
    for (const { serial, samples: sent, timeRangeMs } of arrays) {
      signal.throwIfAborted();
      const [fromMs, toMs] = timeRangeMs;
      const found = await countSamples({ url, labels: { SN: serial }, fromMs, toMs, signal });
      const [missing, extra] = [Math.max(0, sent - found), Math.max(0, found - sent)];
      verified.push({ serial, sent, found, missing, extra });
    }
  } catch (error) {
    return { verifyError: error instanceof Error ? error.message : String(error) };
  }
  return { verified };
}
