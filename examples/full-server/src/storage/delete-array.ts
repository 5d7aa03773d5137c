import { MillraceError } from "@millrace/core";
import { selector } from "./database-queries.ts";
import type { StorageServices } from "./services.ts";

/** What this application calls its series; another one's with the same serial number stay. */
const OURS = "huawei_.+";

const MOST_JOBS = 1_000;

/**
 * Deletes what was loaded of an array, in the database and from the list.
 *
 * @throws MillraceError NOT_FOUND when nothing of it was loaded here; INVALID_OPTION while it is being loaded, because
 * half of that load would stay
 */
export async function deleteArray(
  serial: string,
  { arrays, queries, jobs }: StorageServices,
): Promise<void> {
  await arrays.get(serial);
  const { jobs: running } = await jobs.list({ states: ["running"], limit: MOST_JOBS });
  const loading = running.find(
    ({ target, serials }) => target === "grafana" && serials.includes(serial),
  );
  if (loading !== undefined) {
    throw new MillraceError(
      "INVALID_OPTION",
      `Array ${serial} is being loaded by job ${loading.id}. Wait until it is done, or cancel it, and delete the array then.`,
    );
  }
  const wanted = selector({ SN: serial });
  await queries.deleteSeries(`{__name__=~${JSON.stringify(OURS)},${wanted.slice(1)}`);
  await arrays.delete(serial);
}
