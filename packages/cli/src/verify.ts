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

/** Counts the samples of each array in its time range. */
export async function verifyArrays(
  url: string,
  arrays: readonly ArrayReport[],
): Promise<readonly VerifiedArray[]> {
  const verified: VerifiedArray[] = [];
  for (const { serial, samples: sent, timeRangeMs } of arrays) {
    const [fromMs, toMs] = timeRangeMs;
    const found = await countSamples({ url, labels: { SN: serial }, fromMs, toMs });
    const [missing, extra] = [Math.max(0, sent - found), Math.max(0, found - sent)];
    verified.push({ serial, sent, found, missing, extra });
  }
  return verified;
}
