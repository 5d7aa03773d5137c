/** Names shown as what may have been meant. */
const MOST_SHOWN = 3;

/** Those names that a mistyped one is most likely to mean, best first; perhaps none. */
function nearNames(typed: string, names: Iterable<string>): readonly string[] {
  const wanted = plain(typed);
  if (wanted === "") return [];
  const most = Math.max(2, Math.floor(wanted.length / 3));
  const near: { readonly name: string; readonly distance: number }[] = [];
  for (const name of new Set(names)) {
    const candidate = plain(name);
    // A part of a name is a good hint, too, behind those that differ in a letter.
    const distance = candidate.includes(wanted)
      ? 1 + (candidate.length - wanted.length) / 100
      : editDistance(wanted, candidate, most);
    if (distance <= most) near.push({ name, distance });
  }
  near.sort((a, b) => a.distance - b.distance);
  return near.slice(0, MOST_SHOWN).map(({ name }) => name);
}

/** ` Did you mean "LUN" or "LUN Priority"?`, or nothing. */
export function didYouMean(typed: string, names: Iterable<string>): string {
  const near = nearNames(typed, names).map((name) => JSON.stringify(name));
  const last = near.pop();
  if (last === undefined) return "";
  return ` Did you mean ${near.length === 0 ? last : `${near.join(", ")} or ${last}`}?`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** Letters to add, drop or change; more than `most` where that is reached. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (before[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (before[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    before = row;
  }
  return before[b.length] as number;
}
