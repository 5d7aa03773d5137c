import { describe, expect, it } from "vitest";
import { apiErrorOf } from "./api-error.ts";

describe("a refusal of the server", () => {
  it("is told in its own words", () => {
    const body = JSON.stringify({
      error: { code: "NOT_FOUND", message: "There is no job 7.", requestId: "r1" },
    });
    expect(apiErrorOf(404, body)).toMatchObject({
      ...{ status: 404, code: "NOT_FOUND", message: "There is no job 7.", requestId: "r1" },
    });
    expect(apiErrorOf(415, "photo.jpg is no archive.\n").message).toBe("photo.jpg is no archive.");
  });

  it.each(["", "<html>Bad gateway</html>", "{}", "null", "x".repeat(5_000)])(
    "is told by its status where it says nothing for people",
    (body) => {
      expect(apiErrorOf(502, body).message).toBe("The server answered 502.");
    },
  );
});
