import { MillraceError } from "@millrace/core";
import { isPattern, namePattern } from "./name-pattern.ts";
import { didYouMean } from "./near-names.ts";

/** What ids can be picked from. */
export interface PickFrom {
  /** Who asks and for what, for messages: `metrics`. */
  readonly what: string;
  /** Ids of the tables. */
  readonly ids: readonly number[];
  /** Every name that an id goes by, known or not. */
  namesOf(id: number): readonly string[];
}

/**
 * Which ids are meant by ids, names and patterns.
 *
 * Names are compared without regard to case. An id that is in no table is taken as it is: it may be in
 * the archive.
 *
 * @throws MillraceError INVALID_OPTION for a name that no id has, with the names that come near
 */
export function pickIds(
  asked: readonly (number | string)[],
  from: PickFrom,
): (id: number) => boolean {
  const picked = new Set<number>();
  const patterns: ((name: string) => boolean)[] = [];
  const all = from.ids.map((id) => ({ id, names: from.namesOf(id) }));
  for (const one of asked) {
    if (typeof one === "number" || /^\d+$/.test(one)) {
      picked.add(Number(one));
      continue;
    }
    const fits = namePattern(one, { ignoreCase: true });
    const found = all.filter(({ names }) => names.some(fits));
    for (const { id } of found) picked.add(id);
    // Ids that are in no table have names of a form.
    if (isPattern(one)) patterns.push(fits);
    if (found.length > 0 || /unknown_/i.test(one)) {
      if (!isPattern(one)) patterns.push(fits);
      continue;
    }
    const near = didYouMean(
      one,
      all.flatMap(({ names }) => names),
    );
    throw new MillraceError(
      "INVALID_OPTION",
      `${from.what}: ${JSON.stringify(one)} is no name of the id tables.${near === "" ? " Give an id, a name as inspect shows it, or a pattern that fits one." : near}`,
    );
  }
  const known = new Set(from.ids);
  return (id) =>
    picked.has(id) ||
    (!known.has(id) && patterns.some((fits) => from.namesOf(id).some((name) => fits(name))));
}
