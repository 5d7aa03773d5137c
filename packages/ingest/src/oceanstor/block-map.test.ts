import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnCount, parseBlockMap } from "./block-map.ts";

const scalars = '"EndTime":900,"StartTime":0,"Archive":60,"CtrlID":0';
const resource = (names: readonly string[], metrics: readonly unknown[]) =>
  JSON.stringify({ IDs: names.map((_, i) => `${i}`), Names: names, DataTypes: metrics });
const mapOf = (...resources: readonly string[]) => `{${scalars},"Map":{${resources.join(",")}}}`;

describe("parseBlockMap", () => {
  it("keeps the order of integer-like keys", () => {
    const ids = [207, 11, 1000, 10, 216, 1];
    const text = mapOf(...ids.map((id) => `"${id}":${resource([`e${id}`], [18])}`));
    expect(parseBlockMap(text)).toEqual({
      startSeconds: 0,
      endSeconds: 900,
      intervalSeconds: 60,
      resources: ids.map((id) => ({ resourceId: id, elements: [`e${id}`], metricIds: [18] })),
    });
  });

  it("refuses more columns than memory holds, and names that no label holds", () => {
    const metrics = Array.from({ length: 500 }, (_, i) => i);
    const names = Array.from({ length: 1_001 }, (_, i) => `${i}`);
    expect(() => parseBlockMap(mapOf(`"11":${resource(names, metrics)}`))).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
    const most = parseBlockMap(mapOf(`"11":${resource(names.slice(1), metrics)}`));
    expect(columnCount(most.resources)).toBe(500_000);
    expect(() => parseBlockMap(mapOf(`"11":${resource(["a", "b".repeat(20_000)], [18])}`))).toThrow(
      expect.objectContaining({ code: "CORRUPT_INPUT", message: expect.stringMatching(/20000/) }),
    );
  });

  it("gives back any names under any keys, written in any style", () => {
    const keys = fc.uniqueArray(fc.nat(100_000), { minLength: 1, maxLength: 5 });
    const odd = fc.constantFrom('"10":', '"10" :{', '\\"7":', '":', '"#5":', "__proto__", '12":');
    const names = fc.array(fc.oneof(odd, fc.string({ unit: "binary" })), { maxLength: 4 });
    const styles = fc.record({
      blanks: fc.boolean(),
      quoted: fc.boolean(),
      mapFirst: fc.boolean(),
    });
    fc.assert(
      fc.property(keys, names, styles, (ids, elements, { blanks, quoted, mapFirst }) => {
        const blank = blanks ? " \r\n\t" : "";
        const list = (items: readonly unknown[]): string =>
          `[${items.map((item) => JSON.stringify(item)).join(`${blank},${blank}`)}]`;
        const time = (n: number): string => (quoted ? `"${n}"` : `${n}`);
        const entry = ([key, value]: readonly [string, string]): string =>
          `${blank}"${key}"${blank}:${blank}${value}`;
        const object = (entries: readonly (readonly [string, string])[]): string =>
          `{${entries.map(entry).join(",")}${blank}}`;
        const map = object(
          ids.map((id) => [
            `${id}`,
            object([
              ["Names", list(elements)],
              ["DataTypes", list([18, id])],
              ["IDs", list(elements.map((_, i) => `${i}`))],
            ]),
          ]),
        );
        const fields: (readonly [string, string])[] = [
          ["StartTime", time(60)],
          ["EndTime", time(-5)],
          ["Archive", time(300)],
          ["Map", map],
        ];
        const text = object(mapFirst ? fields.toReversed() : fields);
        expect(parseBlockMap(text)).toEqual({
          startSeconds: 60,
          endSeconds: -5,
          intervalSeconds: 300,
          resources: ids.map((resourceId) => ({
            resourceId,
            elements,
            metricIds: [18, resourceId],
          })),
        });
      }),
    );
  });

  const lun = `"11":${resource(["a"], [18])}`;
  it.each<[string, string, RegExp]>([
    ["no JSON", "{", /no JSON/],
    ["nothing", "", /no JSON/],
    ["an array", "[]", /no object "Map"/],
    ["null", "null", /no object "Map"/],
    ["no map", `{${scalars}}`, /no object "Map"/],
    ["an array for a map", `{${scalars},"Map":[]}`, /no object "Map"/],
    ["a resource listed twice", mapOf(lun, lun), /lists a resource twice/],
    ["a name for a resource", mapOf(`"LUN":${resource(["a"], [18])}`), /resource "LUN"/],
    ["a prototype for a resource", mapOf(`"__proto__":${resource([], [])}`), /"__proto__"/],
    ["a marked key", mapOf(`"#11":${resource([], [])}`), /twice|resource/],
    ["a number too large", mapOf(`"99999999999999999999":${resource([], [])}`), /names a resource/],
    ["null for a resource", mapOf('"11":null'), /names a resource/],
    ["missing lists", mapOf('"11":{"IDs":[],"Names":[]}'), /lacks its lists/],
    [
      "numbers for names",
      mapOf('"11":{"IDs":["a"],"Names":[1],"DataTypes":[]}'),
      /lacks its lists/,
    ],
    ["texts for metrics", mapOf(`"11":${resource(["a"], ["18"])}`), /lacks its lists/],
    ["a fraction for a metric", mapOf(`"11":${resource(["a"], [18.19])}`), /lacks its lists/],
    ["more ids than names", mapOf('"11":{"IDs":["a","b"],"Names":["a"],"DataTypes":[1]}'), /2 ids/],
    ["no interval", `{"EndTime":1,"StartTime":0,"Map":{}}`, /no whole number "Archive"/],
    ["an empty start", `{"EndTime":1,"StartTime":"","Archive":1,"Map":{}}`, /"StartTime"/],
    ["half an end", `{"EndTime":1.5,"StartTime":0,"Archive":1,"Map":{}}`, /"EndTime"/],
    ["true for an end", `{"EndTime":true,"StartTime":0,"Archive":1,"Map":{}}`, /"EndTime"/],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseBlockMap(text)).toThrow(
      expect.objectContaining({ code: "CORRUPT_INPUT", message: expect.stringMatching(message) }),
    );
  });

  it("has no effect on prototypes", () => {
    const names = { names: ["__proto__", "constructor"], metrics: [18] };
    parseBlockMap(mapOf(`"11":${resource(names.names, names.metrics)}`));
    expect(() => parseBlockMap(mapOf(`"__proto__":{"IDs":[],"polluted":1}`))).toThrow();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("columnCount", () => {
  it("is the sum over resources of elements times metrics", () => {
    const text = mapOf(
      `"11":${resource(["a", "b"], [1, 2, 3])}`,
      `"10":${resource([], [1])}`,
      `"12":${resource(["c"], [5])}`,
    );
    expect(columnCount(parseBlockMap(text).resources)).toBe(7);
    expect(columnCount([])).toBe(0);
  });
});
