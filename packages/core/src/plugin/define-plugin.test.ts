import { expect, it } from "vitest";
import { discard } from "../flow/discard.ts";
import { definePlugin } from "./define-plugin.ts";

it("definePlugin fills in the contract's version and keeps the rest", () => {
  const create = () => discard();
  const plugin = definePlugin({ kind: "sink", name: "nowhere", accepts: "series-batch", create });
  expect(plugin).toEqual({
    apiVersion: 1,
    kind: "sink",
    name: "nowhere",
    accepts: "series-batch",
    create,
  });
});
