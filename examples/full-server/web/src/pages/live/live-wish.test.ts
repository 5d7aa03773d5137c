import { expect, it } from "vitest";
import { readWish, streamWish, wishAddress } from "./live-wish.ts";

it("an address says the same again", () => {
  const search = "?video=a%26b&fps=12.5&height=480&transport=mjpeg&inference=true";
  const wish = readWish(search);
  expect(readWish(wishAddress(wish).slice("/webrtc".length))).toEqual(wish);
  expect(streamWish(wish)).toEqual({
    source: "video",
    video: "a&b",
    fps: 12.5,
    height: 480,
    inference: true,
  });
});

it("what an address cannot say is left out", () => {
  expect(readWish("?fps=-1&height=x&transport=pigeon")).toEqual({
    video: "",
    fps: "",
    height: "",
    inference: false,
    sound: false,
    transport: "webrtc",
  });
  expect(streamWish(readWish(""))).toEqual({ source: "pattern" });
});
