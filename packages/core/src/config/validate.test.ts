import { expect, it } from "vitest";
import { schemaOf } from "../testing/schema-of.ts";
import { validate } from "./validate.ts";

it("validate returns what the schema makes of a value", async () => {
  const upper = schemaOf((value) => ({ value: String(value).toUpperCase() }));
  expect(await validate(upper, "a", "the name")).toBe("A");
  const later = schemaOf(async () => ({ value: 7 }));
  expect(await validate(later, "a", "the name")).toBe(7);
});

it("validate names every path that does not fit", async () => {
  const refusing = schemaOf<never>(() => ({
    issues: [
      { message: "unknown option" },
      { message: "must be a number", path: ["server", { key: "port" }] },
      { message: "missing", path: ["urls", 0] },
    ],
  }));
  await expect(validate(refusing, {}, 'the options of plugin "x"')).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message:
      'In the options of plugin "x": unknown option; server.port: must be a number; urls.0: missing.',
    details: { complaints: ["unknown option", "server.port: must be a number", "urls.0: missing"] },
  });
});
