import { gunzipSync, gzipSync } from "node:zlib";
import type { ResolvedArchiveSpec } from "./archive-spec.ts";
import { usualStyle } from "./dat-file.ts";
import { type FaultKind, outcomeOf } from "./faults.ts";
import type { BlockPlan, DatPlan, FilePlan } from "./file-plan.ts";
import { createLayout, type Layout, type LayoutElement } from "./layout.ts";

/** Plans that stand in the archive in place of `plan`: the file with the fault, or it and another. */
export function applyFault(
  spec: ResolvedArchiveSpec,
  plan: FilePlan,
  kind: FaultKind,
): readonly FilePlan[] {
  switch (kind) {
    case "macosx": {
      const { path, damage } = appleDouble(plan.path);
      return [plan, { ...plan, path, dats: [], fault: kind, outcome: "skipped", damage }];
    }
    case "duplicate-copy":
      return [plan, { ...plan, path: `copy/${plan.path}`, fault: kind, outcome: "skipped" }];
    default: {
      const odd = faulty(spec, plan, kind);
      const kept = odd.dats.reduce(
        (sum, dat) => sum + dat.blocks.filter((block) => block.truthRows > 0).length,
        0,
      );
      return [{ ...odd, fault: kind, outcome: outcomeOf(kind, kept) }];
    }
  }
}

type OneFileFault = Exclude<FaultKind, "macosx" | "duplicate-copy">;

function faulty(spec: ResolvedArchiveSpec, plan: FilePlan, kind: OneFileFault): FilePlan {
  const dat = plan.dats[0] as DatPlan;
  const first = dat.blocks[0] as BlockPlan;
  const last = dat.blocks.at(-1) as BlockPlan;
  const withDat = (changes: Partial<DatPlan>): FilePlan => ({
    ...plan,
    dats: [{ ...dat, ...changes }],
  });
  const withFirst = (changes: Partial<BlockPlan>): FilePlan =>
    withDat({ blocks: [{ ...first, ...changes }, ...dat.blocks.slice(1)] });
  const withLast = (changes: Partial<BlockPlan>): FilePlan =>
    withDat({ blocks: [...dat.blocks.slice(0, -1), { ...last, ...changes }] });
  const before = (changes: Partial<BlockPlan>): FilePlan =>
    withDat({ blocks: [{ ...first, rows: 0, truthRows: 0, ...changes }, ...dat.blocks] });
  const withLayout = (change: (layout: Layout) => Layout): FilePlan => {
    const layout = change(first.layout);
    return withDat({ blocks: dat.blocks.map((block) => ({ ...block, layout })) });
  };
  const stem = dat.memberName.slice(0, -".dat".length);
  const rename = (name: string, extension: string): FilePlan => ({
    ...plan,
    path: `${plan.path.slice(0, plan.path.lastIndexOf("/"))}/${name}${extension}`,
    dats: [{ ...dat, memberName: `${name}.dat` }],
  });

  switch (kind) {
    case "truncated-last-block": {
      const truthRows = Math.floor(last.rows / 2);
      const rowSize = last.layout.width * 4;
      return withLast({ truthRows, rowBytes: truthRows * rowSize + Math.floor(rowSize / 2) + 1 });
    }
    case "truncated-second-header":
      return withDat({ tail: bytesOf(0, 0, 0, 0, 0x40, 2, 0, 0, ...asciiOf('{"EndTime":17')) });
    case "corrupt-gzip":
      return { ...plan, damage: (bytes) => flipBit(bytes, bytes.length >> 1) };
    case "corrupt-gzip-crc":
      return { ...plan, damage: (bytes) => flipBit(bytes, bytes.length - 7) };
    case "corrupt-map":
      return withLast({ brokenMap: true, truthRows: 0 });
    case "short-dat":
      return withDat({ sizeBytes: 100 });
    case "empty-dat":
      return withDat({ sizeBytes: 0 });
    case "non-utf8-header":
      return { ...plan, utf8Header: false };
    case "empty-tgz":
      return { ...plan, damage: () => new Uint8Array(0) };
    case "fake-tgz":
      return { ...plan, damage: () => bytesOf(...asciiOf("<html>404 Not Found</html>\n")) };
    case "end-before-start":
      return before({ endSeconds: first.startSeconds - spec.intervalSeconds });
    case "zero-archive":
      return withLast({ archiveSeconds: 0, truthRows: 0 });
    case "span-not-multiple":
      return withLast({ endSeconds: last.endSeconds + Math.floor(spec.intervalSeconds / 2) });
    case "empty-map":
      return before({ layout: createLayout([]) });
    case "empty-ids":
      return withLayout(({ resources }) =>
        createLayout([
          ...resources.slice(0, 1),
          { id: 40, elements: [], metricIds: [182, 232, 233] },
          ...resources.slice(1),
        ]),
      );
    case "length-huge":
      return withFirst({ length: 0x7fff_ffff });
    case "length-negative":
      return withFirst({ length: -1 });
    case "length-7":
      return withFirst({ length: 7 });
    case "trailing-zeros":
      return withDat({ tail: new Uint8Array(512) });
    case "trailing-garbage":
      return withDat({ tail: Uint8Array.from({ length: 200 }, (_, index) => 0xa5 ^ index) });
    case "foreign-block":
      return withDat({ tail: bytesOf(1, 0, 0, 0, 0x40, 2, 0, 0, ...asciiOf('{"EndTime":17')) });
    case "end-too-early":
      return withLast({
        endSeconds: last.endSeconds - spec.intervalSeconds,
        truthRows: last.rows - 1,
      });
    case "clock-unset":
      return withDat({ blocks: dat.blocks.map((block) => shifted(block, -first.startSeconds)) });
    case "far-future":
      return withLast(shifted(last, 1000 * 31_556_952));
    case "huge-name": {
      const layout = renamed((name) => name.padEnd(20_000, "_huge"))(first.layout);
      return withDat({ blocks: dat.blocks.map((block) => ({ ...block, layout, truthRows: 0 })) });
    }
    case "tar-without-end":
      return { ...plan, damage: (bytes) => gzipSync(gunzipSync(bytes).subarray(0, -1024)) };
    case "two-dat":
      return { ...plan, dats: halves(dat, stem, spec.intervalSeconds) };
    case "dat-in-subfolder":
      return withDat({ memberName: `perf/data/${dat.memberName}` });
    case "dst-name":
      return rename(`${stem}DST`, ".tgz");
    case "quoted-scalars":
      return { ...plan, style: { ...usualStyle, scalars: "quoted" } };
    case "long-names":
      return withLayout(renamed((name) => name.padEnd(250, "_long")));
    case "extreme-values":
      return { ...plan, extremes: true };
    case "blanks-in-map":
      return { ...plan, style: { ...usualStyle, blanks: "pretty" } };
    case "upper-case-extension":
      return { ...plan, path: plan.path.replace(/\.tgz$/, ".TGZ") };
    case "empty-element-name":
      return withLayout(renamed((name, index) => (index === 0 ? "" : name)));
    case "slip-name":
      return withDat({ memberName: `../../${dat.memberName}` });
    case "reordered-keys":
      return { ...plan, style: { ...usualStyle, keys: "reversed" } };
  }
}

/** The block at another time, at which nothing of it may be delivered. */
function shifted(block: BlockPlan, seconds: number): BlockPlan {
  return {
    ...block,
    startSeconds: block.startSeconds + seconds,
    endSeconds: block.endSeconds + seconds,
    truthRows: 0,
  };
}

/** Renames the elements of the first resource. */
function renamed(rename: (name: string, index: number) => string): (layout: Layout) => Layout {
  return ({ resources: [first, ...others] }) => {
    if (first === undefined) return createLayout([]);
    const elements = first.elements.map(
      (element, index): LayoutElement => ({ ...element, name: rename(element.name, index) }),
    );
    return createLayout([{ ...first, elements }, ...others]);
  };
}

/** Two members: the first half of the collection times in one block, the rest in another. */
function halves(dat: DatPlan, stem: string, intervalSeconds: number): readonly DatPlan[] {
  const first = dat.blocks[0] as BlockPlan;
  const rows = dat.blocks.reduce((sum, block) => sum + block.rows, 0);
  const early = Math.ceil(rows / 2);
  const block = (from: number, to: number): BlockPlan => ({
    ...first,
    startSeconds: first.startSeconds + from * intervalSeconds,
    endSeconds: first.startSeconds + to * intervalSeconds,
    rows: to - from,
    truthRows: to - from,
  });
  return [
    { memberName: `${stem}.dat`, blocks: [block(0, early)] },
    { memberName: `${stem}_2.dat`, blocks: [block(early, rows)] },
  ];
}

function appleDouble(path: string): Required<Pick<FilePlan, "path" | "damage">> {
  const slash = path.lastIndexOf("/");
  return {
    path: `__MACOSX/${path.slice(0, slash)}/._${path.slice(slash + 1)}`,
    damage: () => bytesOf(0, 5, 0x16, 7, 0, 2, 0, 0, ...asciiOf("Mac OS X".padEnd(155, "\0"))),
  };
}

function flipBit(bytes: Uint8Array, position: number): Uint8Array {
  const damaged = Uint8Array.from(bytes);
  damaged[position] = (damaged[position] as number) ^ 0x10;
  return damaged;
}

function asciiOf(text: string): readonly number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function bytesOf(...bytes: readonly number[]): Uint8Array {
  return Uint8Array.from(bytes);
}
