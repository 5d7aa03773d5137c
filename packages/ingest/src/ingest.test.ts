import { describe, expect, it } from "vitest";
import { ingest } from "./ingest.ts";

describe("ingest", () => {
  it.each([null, {}, "oceanstor", { identify: () => undefined }])(
    "refuses %j as a parser",
    (parser) => {
      expect(() => ingest("a.zip", { parser: parser as never })).toThrow(
        expect.objectContaining({
          code: "INVALID_OPTION",
          message: expect.stringContaining("give what a factory such as oceanstor() returns"),
        }),
      );
    },
  );
});
