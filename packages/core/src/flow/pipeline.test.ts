import { describe, expect, it } from "vitest";
import { countingSource } from "../testing/counting-source.ts";
import { memorySink } from "../testing/memory-sink.ts";
import { someTurns } from "../testing/settles.ts";
import type { Source, Stage } from "./contracts.ts";
import { fromItems } from "./from-items.ts";
import { pipeline } from "./pipeline.ts";

const double: Stage<number, number> = async function* double(input) {
  for await (const n of input) yield n * 2;
};
const text: Stage<number, string> = async function* text(input) {
  for await (const n of input) yield `#${n}`;
};

describe("pipeline", () => {
  it("puts stages behind a source, with pipe() or at once", async () => {
    const sink = memorySink<string>();
    expect(await pipeline(fromItems([1, 2]), double, text).to(sink).result).toEqual(["#2", "#4"]);
    const piped = pipeline(fromItems([1, 2]))
      .pipe(double)
      .pipe(text);
    expect(await piped.to(sink).result).toEqual(["#2", "#4"]);
  });

  it("is a source itself, and can be walked by hand, again and again", async () => {
    const inner = pipeline(countingSource(2), double);
    const outer = pipeline(inner, text);
    expect(outer.name).toBe("counting");
    for (let pass = 0; pass < 2; pass++) {
      const items: string[] = [];
      for await (const item of outer) items.push(item);
      expect(items).toEqual(["#0", "#2"]);
    }
  });

  it("leaves the flow it was piped from as it was", async () => {
    const flow = pipeline(fromItems([1]));
    flow.pipe(double);
    expect(await flow.to(memorySink<number>()).result).toEqual([1]);
  });

  it("opens and reads nothing until it is pulled", async () => {
    const source = countingSource(3);
    let opened = 0;
    let staged = 0;
    const watched: Source<number> = {
      apiVersion: 1,
      name: "watched",
      open(context) {
        opened += 1;
        return source.open(context);
      },
    };
    const items = pipeline(watched, (input) => {
      staged += 1;
      return input;
    })[Symbol.asyncIterator]();
    await someTurns();
    expect([opened, staged, source.pulled]).toEqual([0, 0, 0]);
    await items.next();
    expect([opened, staged, source.pulled]).toEqual([1, 1, 1]);
  });

  it("closes the source when the walk is broken off", async () => {
    const source = countingSource(10);
    for await (const n of pipeline(source, double, text)) if (n === "#4") break;
    expect(source).toMatchObject({ pulled: 3, returned: 1, released: 1 });
  });

  it("names the stage that failed, and wraps the failure once", async () => {
    const cause = new Error("no such thing");
    const failing: Stage<number, number> = async function* parse(input) {
      for await (const n of input) {
        if (n === 1) throw cause;
        yield n;
      }
    };
    const source = countingSource(3);
    const flow = pipeline(pipeline(source, failing), double);
    await expect(flow.to(memorySink<number>()).result).rejects.toMatchObject({
      code: "INTERNAL",
      message: 'stage "parse" failed: no such thing',
      cause,
    });
    expect(source.released).toBe(1);
    const anonymous = pipeline(
      source,
      (() => () => {
        throw cause;
      })(),
    );
    await expect(anonymous.to(memorySink()).result).rejects.toMatchObject({
      message: 'stage "anonymous" failed: no such thing',
    });
  });
});
