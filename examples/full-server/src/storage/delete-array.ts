import { selector } from "./database-queries.ts";
import type { StorageServices } from "./services.ts";

/** What this application calls its series; another one's with the same serial number stay. */
const OURS = "huawei_.+";

/**
 * Deletes what was loaded of an array, in the database and from the list.
 *
 * @throws MillraceError NOT_FOUND when nothing of it was loaded here
 */
export async function deleteArray(
  serial: string,
  { arrays, queries }: StorageServices,
): Promise<void> {
  await arrays.get(serial);
  const wanted = selector({ SN: serial });
  await queries.deleteSeries(`{__name__=~${JSON.stringify(OURS)},${wanted.slice(1)}`);
  await arrays.delete(serial);
}
