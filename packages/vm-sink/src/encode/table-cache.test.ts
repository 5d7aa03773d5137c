import type { Labels, SeriesTable } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { TableCache } from "./table-cache.ts";

const tableOf = (...names: string[]): SeriesTable => ({
  id: "same id",
  labels: names.map((name) => ({ __name__: name })),
});

describe("TableCache", () => {
  it("encodes each table once, by identity, with an encoder of its own", () => {
    const encoded: string[] = [];
    let encoders = 0;
    const cache = new TableCache(() => {
      encoders += 1;
      return (labels: Labels) => {
        encoded.push(labels["__name__"] as string);
        return Buffer.from(labels["__name__"] as string);
      };
    });
    const first = tableOf("a", "", "ccc");
    const second = tableOf("dd");
    const bytes = cache.get(first);
    expect(bytes.bytes.toString()).toBe("accc");
    expect([...bytes.offsets]).toEqual([0, 1, 1, 4]);
    expect(cache.get(second).bytes.toString()).toBe("dd");
    expect(cache.get(first)).toBe(bytes);
    expect(encoded).toEqual(["a", "", "ccc", "dd"]);
    expect(encoders).toBe(2);
  });

  it("takes a table without series", () => {
    const { bytes, offsets } = new TableCache(() => () => new Uint8Array(1)).get(tableOf());
    expect(bytes.length).toBe(0);
    expect([...offsets]).toEqual([0]);
  });
});
