import { fromItems } from "../flow/from-items.ts";
import { type CountingSource, countingSource } from "./counting-source.ts";
import { describeSource } from "./describe-source.ts";

let source: CountingSource;
const counting = (count: number, stallAt?: number): CountingSource => {
  source = countingSource(count, stallAt === undefined ? {} : { stallAt });
  return source;
};

describeSource("describeSource: countingSource", {
  create: () => counting(3),
  expected: [0, 1, 2],
  reads: () => source.pulled,
  opened: () => source.opened,
  released: () => source.released,
  createEmpty: () => counting(0),
  createStalled: () => counting(3, 0),
});

describeSource("describeSource: fromItems", {
  create: () => fromItems([{ n: 1 }, { n: 2 }]),
  expected: [{ n: 1 }, { n: 2 }],
  createEmpty: () => fromItems<{ n: number }>([]),
  createFailing: () =>
    fromItems(
      (async function* () {
        yield { n: 1 };
        throw new Error("broken");
      })(),
    ),
});
